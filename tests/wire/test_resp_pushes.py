"""What RESP3 pushes, whichever way it is written."""

from hypothesis import given
from hypothesis import strategies as st

from portico.model.entries import Message, as_map
from portico.wire.resp import RespCodec, encode


@given(
    seq=st.integers(1, 2**53),
    at=st.integers(0, 4_000_000_000_000_000),
    sender=st.text(min_size=1, max_size=32),
    text=st.text(min_size=1),
)
def test_a_message_is_pushed_in_the_bytes_of_the_generic_way(seq: int, at: int, sender: str, text: str):
    message = Message(seq, at, sender, 1, text)
    generic = b">2\r\n$5\r\nentry\r\n" + encode(as_map(message), 3)
    assert RespCodec().push(message) == generic
