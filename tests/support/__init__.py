"""What tests of the whole server use. Nothing here imports portico: it looks from outside."""
