"""A value that is not there yet."""

import pytest

from portico.model.errors import PorticoError
from portico.model.later import Later


def test_it_is_unresolved_at_first():
    later = Later()
    assert (later.ready, later.value) == (False, None)


@pytest.mark.parametrize("value", [7, None, ValueError("an error is a value")])
def test_who_waits_is_called_there_and_then(value):
    later, called = Later(), []
    later.then(called.append)
    later.resolve(value)
    assert called == [later]
    assert (later.ready, later.value) == (True, value)


def test_who_comes_late_is_called_at_once():
    later, called = Later(), []
    later.resolve(1)
    later.then(called.append)
    assert called == [later]


def test_it_is_resolved_once():
    later, called = Later(), []
    later.then(called.append)
    later.resolve(1)
    later.resolve(2)
    assert later.value == 1
    assert len(called) == 1


def test_the_last_to_wait_waits():
    later, called = Later(), []
    later.then(lambda _: called.append("first"))
    later.then(lambda _: called.append("second"))
    later.resolve(1)
    assert called == ["second"]


def test_who_is_forgotten_is_not_called():
    later, called = Later(), []
    later.then(called.append)
    later.forget()
    later.resolve(1)
    assert called == []
    assert later.value == 1


@pytest.mark.parametrize("resolve_first", [False, True])
def test_a_value_is_converted_step_by_step_whenever_it_comes(resolve_first):
    later = Later()
    if resolve_first:
        later.resolve(3)
    assert later.map(lambda value: value + 1).map(lambda value: value * 10) is later
    later.resolve(3)
    assert later.value == 40


def test_it_is_converted_though_nobody_waits_and_only_once():
    later, seen = Later(), []
    later.map(seen.append)
    later.resolve(1)
    later.resolve(1)
    assert seen == [1]


def test_who_waits_may_resolve_another():
    one, other = Later(), Later()
    one.then(lambda later: other.resolve(later.value))
    one.resolve(5)
    assert other.value == 5


@pytest.mark.parametrize("first_ready", [False, True])
@pytest.mark.parametrize("second_ready", [False, True])
def test_a_chain_waits_for_what_its_step_begins(first_ready, second_ready):
    first, second = Later(), Later()
    for later, ready, value in ((first, first_ready, 2), (second, second_ready, "end")):
        if ready:
            later.resolve(value)
    seen = []
    last = first.chain(lambda value: seen.append(value) or second)
    first.resolve(2)
    second.resolve("end")
    assert (seen, last.value) == ([2], "end")


def test_a_chain_may_end_with_a_value_at_once():
    first = Later()
    last = first.chain(lambda value: value * 2)
    first.resolve(4)
    assert last.value == 8


def test_errors_go_past_the_steps_and_a_step_may_raise_one():
    error, first, second = PorticoError("no"), Later(), Later()
    passed = first.chain(lambda _: pytest.fail("an error was taken for a value"))
    first.resolve(error)

    def refuse(_):
        raise error

    raised = second.chain(refuse)
    second.resolve(1)
    assert passed.value is raised.value is error
