"""Torture of the client library and of transfers at full size; `tests/faults` runs the same at the size of a
test.

    python -m faults client [--says 10000] [--cuts 1000] [--kills 100] [--seconds 600] [--seed N]
    python -m faults files [--cuts 1000] [--kills 200] [--seconds 600] [--tree 10000] [--seed N]
"""
