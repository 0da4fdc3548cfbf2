"""What is allowed with the files, and how a refusal helps its reader."""

import pytest

from portico.model.errors import Denied
from portico.model.policy import ADD, CHANGE, LEVELS, READ, USUAL, Policy


@pytest.mark.parametrize(
    "allowed, needed, fine",
    [
        (READ, READ, True),
        (READ, ADD, False),
        (READ, CHANGE, False),
        (ADD, ADD, True),
        (ADD, CHANGE, False),
        (CHANGE, CHANGE, True),
    ],
)
def test_a_level_includes_those_below(allowed, needed, fine):
    policy = Policy(allowed)
    if fine:
        policy.check(needed)
    else:
        with pytest.raises(Denied, match="the operator can allow"):
            policy.check(needed)


def test_usually_new_files_may_be_added():
    assert LEVELS["add"] == USUAL.files
