"""The nouns of Portico: what everything else passes around.

Entries, requests, replies, the facts of a file, instants, and the tree of errors with their codes. Nothing
here does anything to the world: standard library only, no clock, no input or output.
"""
