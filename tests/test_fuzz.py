"""A few hundred inputs for each target, always the same ones; and that the fuzzer finds what is there."""

import pytest

from fuzz import targets
from fuzz.run import Found, run
from portico.wire.resp import RespCodec

COUNTS = {"resp": 500, "text": 500, "frames": 500, "json": 300, "sniff": 500, "bind": 300}


@pytest.mark.parametrize("name", targets.TARGETS)
def test_nothing_breaks(name):
    assert run(name, seed=1, more=lambda count: count < COUNTS[name]) == COUNTS[name]


def test_what_breaks_is_shown_with_its_input(monkeypatch):
    class Forgetful(RespCodec):
        """Loses half a length that was held."""

        def _hold(self, data, at, needed):
            return super()._hold(data[: len(data) - 1], at, needed)

    monkeypatch.setitem(targets.CODECS, targets.Wire.RESP, Forgetful)
    with pytest.raises(Found, match="bytes: b'") as found:
        run("resp", seed=1, more=lambda count: count < 1_000)
    assert found.value.data
