"""What may stand in one line, whoever chose the words: the last guard before a sentence leaves.

Sentences quote names that people chose. A line break or an escape sequence among them would end the line,
forge the next answer, or drive the reader's terminal.
"""

from __future__ import annotations

import re

BREAKING = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
"""Controls, the separators that end a line for some readers, what turns the direction of writing, and halves
of characters, which no wire can carry."""


def one_line(sentence: str) -> str:
    """Return the sentence with a question mark in the place of everything that may not stand in a line."""
    return sentence if sentence.isprintable() else BREAKING.sub("?", sentence)
