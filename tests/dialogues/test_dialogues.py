"""The same dialogues over every wire; how to read one stands at the top of driver.py."""

from itertools import product

import pytest

from tests.dialogues.driver import WIRES, dict_of, play
from tests.support.resp import RespError

SAYING = """
    Client1 > join             = Client1
    Client2 > join             = Client2
    Client1 < * Client2 joined
    Client1 > say Hello        = Hello
    Client2 < Client1: Hello
    Client2 > say Grüße, 世界 🎉 = Grüße, 世界 🎉
    Client1 < Client2: Grüße, 世界 🎉
    Client1 > say /help        = /help
    Client2 < Client1: /help
    Client1 > say status       = status
    Client2 < Client1: status
"""

TELLING = """
    Client1 > join             = Client1
    Client2 > join             = Client2
    Client1 < * Client2 joined
    Client2 > rename bob       = bob
    Client1 < * Client2 is now bob
    Client3 > join             = Client3
    Client1 < * Client3 joined
    Client2 < * Client3 joined
    Client1 > tell BOB psst    = psst
    Client2 < Client1 (to you): psst
    Client1 > tell Carol psst  ! Carol
    Client3 > history 1        = * Client3 joined
"""

TELLING_A_NUMBER = """
    Client1 > join             = Client1
    Client2 > join             = Client2
    Client1 < * Client2 joined
    Client1 > tell Client2 hi  = hi
    Client2 < Client1 (to you): hi
    Client1 > tell Client9 hi  ! Client9
    Client2 > leave            = Client2
    Client1 < * Client2 left
"""

RENAMING = """
    Client1 > join             = Client1
    Client2 > join             = Client2
    Client1 < * Client2 joined
    Client1 > rename alice     = alice
    Client2 < * Client1 is now alice
    Client2 > rename ALICE     ! the name ALICE is taken
    Client2 > rename \uff21lice ! is taken
    Client2 > rename Client7   !
    Client2 > rename a:b       !
    Client2 > rename bob       = bob
    Client1 < * Client2 is now bob
    Client1 > rename Alice     = Alice
    Client2 < * alice is now Alice
    Client1 > status           = Alice online, bob online
"""

LEAVING = """
    Client1 > join             = Client1
    Client2 > join             = Client2
    Client1 < * Client2 joined
    Client2 > leave            = Client2
    Client1 < * Client2 left
    Again   > join             = Client3
    Client1 < * Client3 joined
    Client1 > status           = Client1 online, Client2 gone, Client3 online
"""

FULL_ROOM = """
    Client1 > join             = Client1
    Client2 > join             = Client2
    Client1 < * Client2 joined
    Client3 > join             = Client3
    Client1 < * Client3 joined
    Client2 < * Client3 joined
    Fourth  > join             ! Server is full: 3 of 3 clients are connected. Try again later.
    Client2 > leave            = Client2
    Client1 < * Client2 left
    Client3 < * Client2 left
    Fifth   > join             = Client4
    Client1 < * Client4 joined
    Client3 < * Client4 joined
"""

LOOKING = """
    Client1 > join             = Client1
    Client1 > files            = tester1.txt, tester2.txt
    Client1 > files *2.txt      = tester2.txt
    Client1 > files *.pdf       = (none)
    Client1 > files [           = (none)
    Client1 > status           = Client1 online
    Client1 > say one          = one
    Client1 > say two          = two
    Client1 > say three        = three
    Client1 > history 2        = Client1: two / Client1: three
    Client1 > history 100      = * Client1 joined / Client1: one / Client1: two / Client1: three
"""

ERASING = """
    Client1 > join             = Client1
    Client2 > join             = Client2
    Client1 < * Client2 joined
    Client1 > say my secret    = my secret
    Client2 < Client1: my secret
    Client2 > erase my secret  ! only its sender or an admin may erase it
    Client1 > erase my secret  = OK
    Client2 > history 2        = * Client2 joined / * a message of Client1 was erased
"""

SCRIPTS = {
    "saying": SAYING,
    "telling": TELLING,
    "telling a number": TELLING_A_NUMBER,
    "renaming": RENAMING,
    "leaving": LEAVING,
    "full room": FULL_ROOM,
    "looking": LOOKING,
    "erasing": ERASING,
}


FAULTY: dict[tuple[str, str], str] = {}
"""What does not come out as written yet, and why."""


def performances():
    for (name, script), (wire, adapter) in product(SCRIPTS.items(), WIRES.items()):
        reason = FAULTY.get((name, wire))
        marks = [pytest.mark.xfail(reason=reason)] if reason else []
        yield pytest.param(script, adapter, id=f"{name}-{wire}", marks=marks)


@pytest.mark.parametrize("script,wire", [*performances()])
def test_dialogue(serve, script, wire):
    play(script, wire, serve().port)


@pytest.mark.parametrize("protocol", [2, 3])
def test_a_key_makes_a_message_once(serve, protocol):
    server = serve()
    with server.resp_client(protocol) as one, server.resp_client(protocol) as two:
        seq = one.call("SAY", "only once", "ID", "k1")
        assert two.call("SAY", "only once", "ID", "k1") == seq
        assert dict_of(two.call("HELLO"))["name"] is None, "a repetition joins nobody"
        with pytest.raises(RespError, match="EXISTS"):
            two.call("SAY", "another", "ID", "k1")
        one.call("NAME", "alice")
        with pytest.raises(RespError, match="EXISTS"):
            two.call("TELL", "alice", "only once", "ID", "k1")
        texts = [dict_of(entry)["text"] for entry in one.call("HISTORY", "KIND", "message")]
    assert texts == ["only once"]


@pytest.mark.parametrize("protocol", [2, 3])
def test_a_visitor_speaks_under_a_free_name(serve, protocol):
    server = serve(max_clients=1)
    with server.resp_client() as holder, server.resp_client(protocol) as visitor:
        holder.call("NAME", "alice")
        assert visitor.call("SAY", "from a script", "AS", "nightly build")
        with pytest.raises(RespError, match="TAKEN"):
            visitor.call("SAY", "not me", "AS", "ALICE")
        with pytest.raises(RespError, match="FULL"):
            visitor.call("SAY", "no place")
        entry = dict_of(visitor.call("HISTORY", "COUNT", 1)[0])
    assert (entry["sender"], entry["text"]) == ("nightly build", "from a script")
