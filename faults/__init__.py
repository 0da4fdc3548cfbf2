"""Torture of the client library at full size; `tests/faults` runs the same at the size of a test.

python -m faults client [--says 10000] [--cuts 1000] [--kills 100] [--seed N]
"""
