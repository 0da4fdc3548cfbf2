"""The figure that asks for correctness: kill -9 under load, then the log is compared with what was said."""

from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from tempfile import mkdtemp

from bench import table
from bench.context import Context
from bench.crashes import Result, torture
from bench.ratios import MISSED, REACHED
from bench.servers import launch_portico

KILLS = 20


@dataclass(frozen=True, slots=True)
class Crashes:
    """The row `kill9`."""

    name: str = "kill9"
    title: str = "kill -9 under load: missing/doubled/out of order"

    def measure(self, context: Context) -> table.Row:
        """Torture a Portico in a directory of its own."""
        home = Path(mkdtemp(prefix="kill9-", dir=context.scratch))
        kills = context.count(KILLS, 3)
        return self.row(
            torture(partial(launch_portico, home, ["--quiet"]), kills, context.seed), context.seed
        )

    def row(self, result: Result, seed: int) -> table.Row:
        """The three counts where the others have rates."""
        account = result.account
        verdict = REACHED if account.sound else MISSED
        counts = f"{account.missing}/{account.doubled}/{account.out_of_order}"
        cells = (self.title, counts, table.NOTHING, table.NOTHING, "0/0/0", table.NOTHING, verdict)
        note = (
            f"{result.kills} kills, {account.acknowledged:,} acknowledged, {account.read_back:,} read back, "
            f"{result.cut_off} cut off and said again, {account.strange} never said, "
            f"{account.backwards} times backwards, slowest start {result.slowest_start:.2f} s, seed {seed}"
        )
        data: dict[str, object] = {"title": self.title, "seed": seed, **asdict(result)}
        return table.Row(self.name, (*cells, table.NOTHING, table.NOTHING), verdict, data, (note,))


FIGURE = Crashes()
