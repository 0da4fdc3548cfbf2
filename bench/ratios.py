"""Samples, pairs and what they have to reach. Pure arithmetic: nothing here measures."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

#: Two runs of the same program on one busy machine differ by up to this factor; less is not a difference.
NOISE = 1.3

STRETCH, REACHED, WITHIN_NOISE, MISSED, SHOWN = "stretch", "reached", "within noise", "MISSED", "shown"


@dataclass(frozen=True, slots=True)
class Sample:
    """One run: the value (a rate, or a size) and the processor seconds spent during its `wall` seconds.

    `others_cpu` is what the rest of the machine took: programs that are not part of the measurement.
    """

    value: float
    wall: float = 0.0
    server_cpu: float = 0.0
    generator_cpu: float = 0.0
    others_cpu: float = 0.0


@dataclass(frozen=True, slots=True)
class Side:
    """The runs of one contender, condensed: medians, the processors as shares of one core."""

    value: float
    server_share: float
    generator_share: float
    others_share: float = 0.0


@dataclass(frozen=True, slots=True)
class Summary:
    """Both sides, and the ratio ours / peer, taken pair by pair."""

    ours: Side
    peer: Side | None = None
    ratio: float | None = None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class RatioAtLeast:
    """Ours has to reach `must` times the peer. `noise` widens the pass for figures that ask for parity."""

    must: float
    stretch: float | None = None
    noise: float = 1.0

    def verdict(self, summary: Summary) -> str:
        """One word for the table."""
        if summary.ratio is None:
            return SHOWN
        if self.stretch is not None and summary.ratio >= self.stretch:
            return STRETCH
        if summary.ratio >= self.must:
            return REACHED
        return WITHIN_NOISE if summary.ratio * self.noise >= self.must else MISSED

    def words(self) -> tuple[str, str]:
        """The bounds as the table shows them: must, stretch."""
        return f">= {self.must:g} x", "" if self.stretch is None else f">= {self.stretch:g} x"


@dataclass(frozen=True, slots=True)
class RatioAtMost:
    """Ours may be `must` times the peer at most."""

    must: float
    stretch: float | None = None

    def verdict(self, summary: Summary) -> str:
        """One word for the table."""
        if summary.ratio is None:
            return SHOWN
        if self.stretch is not None and summary.ratio <= self.stretch:
            return STRETCH
        return REACHED if summary.ratio <= self.must else MISSED

    def words(self) -> tuple[str, str]:
        """The bounds as the table shows them: must, stretch."""
        return f"<= {self.must:g} x", "" if self.stretch is None else f"<= {self.stretch:g} x"


@dataclass(frozen=True, slots=True)
class ValueAtMost:
    """Our own value, whatever the peer's is, may be `must` at most."""

    must: float
    stretch: float | None = None
    unit: str = ""

    def verdict(self, summary: Summary) -> str:
        """One word for the table."""
        if self.stretch is not None and summary.ours.value <= self.stretch:
            return STRETCH
        return REACHED if summary.ours.value <= self.must else MISSED

    def words(self) -> tuple[str, str]:
        """The bounds as the table shows them: must, stretch."""
        stretch = "" if self.stretch is None else f"<= {self.stretch:g} {self.unit}"
        return f"<= {self.must:g} {self.unit}", stretch


@dataclass(frozen=True, slots=True)
class NoGoal:
    """A figure that is shown for comparison only."""

    def verdict(self, summary: Summary) -> str:  # noqa: ARG002 - the other goals need it
        """One word for the table."""
        return SHOWN

    def words(self) -> tuple[str, str]:
        """No bounds."""
        return "", ""


Goal = RatioAtLeast | RatioAtMost | ValueAtMost | NoGoal


def condense(samples: Sequence[Sample]) -> Side:
    """The medians of one side's runs."""
    return Side(
        value=median(sample.value for sample in samples),
        server_share=median(_share(sample.server_cpu, sample.wall) for sample in samples),
        generator_share=median(_share(sample.generator_cpu, sample.wall) for sample in samples),
        others_share=median(_share(sample.others_cpu, sample.wall) for sample in samples),
    )


def summarise(ours: Sequence[Sample], peer: Sequence[Sample]) -> Summary:
    """Condense both sides; the ratios are taken between runs that stood next to each other in time."""
    if not peer:
        return Summary(condense(ours))
    ratios = pair_ratios(ours, peer)
    return Summary(condense(ours), condense(peer), median(ratios), min(ratios), max(ratios))


def pair_ratios(ours: Sequence[Sample], peer: Sequence[Sample]) -> list[float]:
    """Divide ours by the peer's for every pair; both sides must have run equally often."""
    return [mine.value / theirs.value for mine, theirs in zip(ours, peer, strict=True)]


def _share(cpu: float, wall: float) -> float:
    return cpu / wall if wall else 0.0
