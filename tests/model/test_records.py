"""Records as bytes: there and back, newer ones skipped, garbage refused."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portico.model import records
from portico.model.errors import Unavailable
from portico.model.records import (
    VERSION,
    Erase,
    Erased,
    File,
    Join,
    Leave,
    Limits,
    Rename,
    Resume,
    Say,
    Unknown,
    decode,
    encode,
)

NUMBER = st.integers(0, 2**53)
TEXT = st.text(max_size=20)
JOIN = st.builds(Join, NUMBER, NUMBER, TEXT, NUMBER, TEXT, NUMBER, TEXT, TEXT)
RECORDS = st.one_of(
    JOIN,
    st.builds(Limits, NUMBER, NUMBER),
    st.builds(Resume, NUMBER, NUMBER, TEXT, TEXT, NUMBER, TEXT, st.booleans()),
    st.builds(Rename, NUMBER, NUMBER, TEXT, TEXT),
    st.builds(Leave, NUMBER, NUMBER, TEXT, TEXT, NUMBER),
    st.builds(Say, NUMBER, NUMBER, TEXT, TEXT, TEXT, NUMBER, TEXT, st.none() | JOIN),
    st.builds(Erase, NUMBER, NUMBER, NUMBER, NUMBER),
    st.builds(Erased, NUMBER, NUMBER, TEXT, NUMBER, TEXT, TEXT, st.none() | JOIN),
    st.builds(File, NUMBER, NUMBER, TEXT, TEXT, TEXT, TEXT, NUMBER, TEXT, TEXT, NUMBER),
)


@given(RECORDS)
def test_a_record_comes_back_as_it_was(record):
    assert decode(encode(record)) == record


@given(RECORDS)
def test_a_record_is_one_line_that_begins_with_version_and_kind(record):
    body = encode(record)
    assert b"\n" not in body
    assert body.startswith(f'{{"v":{VERSION},"do":"{record.do}",'.encode())


def test_what_is_at_its_default_is_left_out():
    assert (
        encode(Say(1, 0, "x", "hé"))
        == '{"v":1,"do":"say","at":1,"session":0,"sender":"x","text":"hé"}'.encode()
    )


@given(RECORDS, st.text(min_size=1, max_size=5))
def test_members_of_a_newer_version_are_not_in_the_way(record, name):
    members = json.loads(encode(record))
    assert decode(json.dumps({"~" + name: 1, **members}).encode()) == record


SAY = {"v": 1, "do": "say", "at": 1, "session": 0, "sender": "x", "text": "hi"}


@pytest.mark.parametrize(
    "members",
    [
        {"v": 2, "do": "say"},
        {"v": 2, "do": "dance", "at": "2030-01-01"},
        {"v": 1, "do": "dance", "at": 1},
        {**SAY, "join": {"v": 2, "do": "join"}},
        {**SAY, "join": {"v": 1, "do": "dance"}},
    ],
)
def test_what_a_newer_server_wrote_is_unknown(members):
    assert decode(json.dumps(members).encode()) == Unknown()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"?",
        b"\xff",
        b"null",
        b"1",
        b'"say"',
        b"[]",
        b"{}",
        b'{"v":1}',
        b'{"do":"say"}',
        b'{"v":1,"do":"say"}',
        b'{"v":1,"do":["say"]}',
        b"[" * 100_000,
        *(
            json.dumps({**SAY, **wrong}).encode()
            for wrong in (
                {"at": "1"},
                {"at": True},
                {"at": 1.5},
                {"text": None},
                {"join": 1},
                {"join": SAY},
                {"join": {"v": 1, "do": "join"}},
            )
        ),
    ],
)
def test_what_is_no_record_is_unavailable(body):
    with pytest.raises(Unavailable, match="portico log check"):
        decode(body)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@given(RECORDS, st.sampled_from(["v", "do", "at", "session", "text", "join", "back", "resumed"]), JSON)
def test_a_damaged_record_is_a_record_or_unavailable(record, member, value):
    members = {**json.loads(encode(record)), member: value}
    try:
        again = decode(json.dumps(members).encode())
    except Unavailable:
        return
    assert isinstance(again, Unknown) or decode(encode(again)) == again


@given(st.binary(max_size=20))
def test_any_bytes_are_a_record_or_unavailable(body):
    with pytest.raises(Unavailable):
        decode(body)


@given(st.builds(Say, NUMBER, NUMBER, TEXT, TEXT))
def test_the_short_way_to_write_a_message_gives_the_same_text(say):
    assert records._said(say) == records._written(say)
