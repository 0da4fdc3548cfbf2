"""kill -9 under load: nothing acknowledged is lost, doubled or moved. The figure `kill9` in bench does it
longer."""

from functools import partial

import pytest

from bench.crashes import torture
from bench.servers import launch_portico


@pytest.mark.slow
def test_what_was_acknowledged_survives_kill_9_once_and_in_order(tmp_path):
    result = torture(partial(launch_portico, tmp_path, ["--quiet"]), kills=3, seed=1)
    assert result.account.acknowledged > 0
    assert result.account.sound, result.account
