"""Measurements of Portico, always with a peer beside it.

A figure here is never a number alone: the same load generator drives Portico and a peer in turn (A B A B
...), every pair gives one ratio, and the table shows the median ratio with the smallest and the largest. What
another program on the machine does in between then hits both. Beside each result stands the processor time of
the server and of the generator, so that a reader sees when the generator was the limit and the figure is only
a lower bound.

    python -m bench wire [--quick] [--rounds 5] [--only NAME,...] [--json FILE]
    python -m bench client [the same]
    python -m bench files|http [the same] [--size MIB] [--files N] [--memory DIR]

`ratios` and `table` are pure; `processes`, `servers` start and watch what is measured; `load` holds the
generators; `figures` says what is compared with what, and what it has to reach.
"""
