"""What can go wrong in a measurement, said in one sentence."""


class BenchError(Exception):
    """The figure could not be measured; the text says why and what to do."""
