"""What must hold after crashes: all acknowledged is there, once, in order. Pure: lists in, counts out."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise


@dataclass(frozen=True, slots=True)
class Told:
    """One entry read back: its number, its text, when it was."""

    seq: int
    text: str
    at: str


@dataclass(frozen=True, slots=True)
class Account:
    """The comparison; all but the first two have to be 0."""

    acknowledged: int
    read_back: int
    missing: int
    doubled: int
    out_of_order: int
    strange: int
    backwards: int

    @property
    def sound(self) -> bool:
        """Nothing was lost, doubled, reordered or made up, and the clock never went back."""
        return not (self.missing or self.doubled or self.out_of_order or self.strange or self.backwards)


def compare(
    said: Sequence[Sequence[str]], acknowledged: Mapping[str, int], history: Sequence[Told]
) -> Account:
    """Compare what every speaker said, in order, and the numbers given, with the entries read back."""
    texts = {entry.seq: entry.text for entry in history}
    known = {text for speaker in said for text in speaker}
    times = Counter(entry.text for entry in history)
    return Account(
        acknowledged=len(acknowledged),
        read_back=len(history),
        missing=sum(texts.get(seq) != text for text, seq in acknowledged.items()),
        doubled=sum(count - 1 for count in times.values()),
        out_of_order=_falls([entry.seq for entry in history])
        + sum(_disorder(each, history) for each in said),
        strange=sum(entry.text not in known for entry in history),
        backwards=sum(later.at < earlier.at for earlier, later in pairwise(history)),
    )


def _disorder(said: Sequence[str], history: Sequence[Told]) -> int:
    """How often an entry of this speaker stands before one that was said earlier."""
    place = {text: index for index, text in enumerate(said)}
    return _falls([place[entry.text] for entry in history if entry.text in place])


def _falls(numbers: Sequence[int]) -> int:
    return sum(later < earlier for earlier, later in pairwise(numbers))
