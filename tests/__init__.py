"""Tests of Portico; the tree is that of src/portico."""
