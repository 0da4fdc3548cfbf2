from types import SimpleNamespace

import pytest

from tests import conftest


def item_needing(*peers):
    return SimpleNamespace(iter_markers=lambda _: [SimpleNamespace(args=peer) for peer in peers])


NOT_HERE = ("no-such-program", "apt-get install nothing")


def test_a_peer_that_is_here(monkeypatch):
    monkeypatch.delenv("PORTICO_TEST_ALL", raising=False)
    conftest.pytest_runtest_setup(item_needing(("sh", "nothing to do")))


def test_a_missing_peer_is_a_skip_that_says_how_to_install_it(monkeypatch):
    monkeypatch.delenv("PORTICO_TEST_ALL", raising=False)
    with pytest.raises(pytest.skip.Exception) as raised:
        conftest.pytest_runtest_setup(item_needing(("sh", "nothing to do"), NOT_HERE))
    assert raised.value.msg == "no-such-program: apt-get install nothing"


def test_a_missing_peer_is_a_failure_where_all_are_wanted(monkeypatch):
    monkeypatch.setenv("PORTICO_TEST_ALL", "1")
    with pytest.raises(pytest.fail.Exception, match="missing peer no-such-program: apt-get install nothing"):
        conftest.pytest_runtest_setup(item_needing(NOT_HERE))


def reported(**facts):
    report = SimpleNamespace(skipped=True, outcome="skipped", longrepr=("file", 1, "no such thing"), **facts)
    wrapper = conftest.pytest_runtest_makereport()
    next(wrapper)
    with pytest.raises(StopIteration) as stopped:
        wrapper.send(report)
    return stopped.value.value


def test_a_test_may_skip_itself(monkeypatch):
    monkeypatch.delenv("PORTICO_TEST_ALL", raising=False)
    assert reported().outcome == "skipped"


def test_a_skip_is_a_failure_where_all_are_wanted(monkeypatch):
    monkeypatch.setenv("PORTICO_TEST_ALL", "1")
    report = reported()
    assert report.outcome == "failed"
    assert "no such thing" in report.longrepr
    assert reported(wasxfail="known").outcome == "skipped"
