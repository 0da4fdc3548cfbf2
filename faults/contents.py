"""Files whose names say what must be in them, so that anybody can tell at any time whether one is whole."""

import hashlib
import random
import re
from pathlib import Path

NAME = re.compile(r"([0-9a-f]{64})-(\d+)\.bin\Z")
KIB, MIB = 1 << 10, 1 << 20
#: The most bytes of a file, and how many of a hundred files have as many at most.
SIZES = ((0, 4), (4 * KIB, 12), (200 * KIB, 24), (3 * MIB, 56), (32 * MIB, 4))


def size(dice: random.Random, largest: int) -> int:
    """The size of the next file: often some megabytes, sometimes nothing at all, now and then a lot."""
    most, shares = zip(*SIZES, strict=True)
    return dice.randint(0, min(largest, dice.choices(most, shares)[0]))


def make(folder: Path, count: int, dice: random.Random) -> Path:
    """Write a file of so many bytes."""
    content = dice.randbytes(count)
    file = folder / f"{hashlib.sha256(content).hexdigest()}-{count}.bin"
    file.write_bytes(content)
    return file


def size_of(file: Path) -> int:
    """How many bytes a file of such a name has to have."""
    return int(file.stem.partition("-")[2])


def wrong(file: Path) -> str:
    """What is wrong with a file that bears such a name; empty when nothing is."""
    digest, count = file.stem.partition("-")[0], size_of(file)
    if (found := file.stat().st_size) != count:
        return f"{file.name[:12]}... has {found:,} of {count:,} bytes"
    with file.open("rb") as content:
        if hashlib.file_digest(content, "sha256").hexdigest() != digest:
            return f"{file.name[:12]}... has other bytes"
    return ""
