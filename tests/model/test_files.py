"""The facts of a file are a value."""

import dataclasses

import pytest

from portico.model.files import FileFacts


def test_facts_are_a_value_and_the_digest_may_be_unknown():
    facts = FileFacts("a", 1, 2, "e")
    assert facts == FileFacts("a", 1, 2, "e", None)
    assert facts != FileFacts("a", 1, 2, "f")
    with pytest.raises(dataclasses.FrozenInstanceError):
        facts.size = 2
