from portico.server.deadlines import Deadlines


def test_who_came_first_expires_first_and_only_once():
    group: Deadlines[str] = Deadlines(10)
    group.add("a", 0)
    group.add("b", 5)
    assert group.expired(9) == []
    assert group.expired(10) == ["a"]
    assert group.expired(100) == ["b"]
    assert len(group) == 0


def test_a_running_deadline_is_not_put_off():
    group: Deadlines[str] = Deadlines(10)
    group.add("a", 0)
    group.add("a", 9)
    assert group.expired(10) == ["a"]


def test_who_is_let_go_does_not_expire():
    group: Deadlines[str] = Deadlines(10)
    group.add("a", 0)
    group.discard("a")
    group.discard("never there")
    assert "a" not in group
    assert group.expired(100) == []


def test_the_oldest_is_the_one_added_first():
    group: Deadlines[str] = Deadlines(10)
    assert next(iter(group), None) is None
    group.add("a", 0)
    group.add("b", 0)
    assert next(iter(group), None) == "a"
    assert "a" in group
