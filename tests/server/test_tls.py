"""TLS between a connection and its socket, without any socket: every split, both ends, what is no TLS."""

import ssl
import weakref

import pytest

from portico.server.tls import Tls
from portico.stores.certificates import context_of, self_signed

LONG = bytes(range(256)) * 1_000


@pytest.fixture(scope="module")
def server_context(tmp_path_factory):
    return context_of(self_signed(tmp_path_factory.mktemp("certificates"), ["127.0.0.1"]))


class Raw:
    """The transport below: keeps what is written."""

    def __init__(self):
        self.out = bytearray()
        self.paused = self.closed = self.aborted = self.ended = False

    def write(self, data):
        assert not self.closed
        assert not self.ended
        self.out += data

    def write_eof(self):
        self.ended = True

    def can_write_eof(self):
        return True

    def close(self):
        self.closed = True

    def abort(self):
        self.aborted = self.closed = True

    def is_closing(self):
        return self.closed

    def pause_reading(self):
        self.paused = True

    def resume_reading(self):
        self.paused = False

    def get_extra_info(self, name, default=None):
        return ("192.0.2.1", 7) if name == "peername" else default

    def take(self):
        out, self.out = bytes(self.out), bytearray()
        return out


class Upper:
    """What stands above: keeps what it is told, and can pause after each piece."""

    def __init__(self):
        self.got = bytearray()
        self.told = []
        self.stays = True
        self.pausing = False

    def connection_made(self, transport):
        self.transport = transport
        self.told.append("made")

    def data_received(self, data):
        assert data
        self.got += data
        if self.pausing:
            self.transport.pause_reading()

    def eof_received(self):
        self.told.append("end")
        return self.stays

    def cut_short(self):
        self.told.append("cut short")
        return self.stays

    def shaking_hands(self, *, done):
        self.told.append("shaken" if done else "shaking")

    def connection_lost(self, error):
        self.told.append("lost")


class Pair:
    """A client's TLS and ours, and what is on the way between them."""

    def __init__(self, context, split=1 << 20, version=None):
        self.upper, self.raw, self.split = Upper(), Raw(), split
        self.tls = Tls(context, self.upper)
        client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        client.check_hostname, client.verify_mode = False, ssl.CERT_NONE
        if version is not None:
            client.minimum_version = client.maximum_version = version
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.client = client.wrap_bio(self.incoming, self.outgoing)
        self.tls.connection_made(self.raw)

    def send(self, data):
        """Bring bytes to the server, so many at a time."""
        for at in range(0, len(data), self.split):
            self.tls.data_received(data[at : at + self.split])

    def carry(self):
        """Bring what both have to say to each other, until nothing moves."""
        while True:
            there, back = self.outgoing.read(), self.raw.take()
            if not (there or back):
                return
            self.send(there)
            self.incoming.write(back)

    def shake(self):
        for _ in range(4):
            try:
                self.client.do_handshake()
                break
            except ssl.SSLWantReadError:
                self.carry()
        self.carry()
        return self

    def read(self):
        self.carry()
        got = bytearray()
        while True:
            try:
                piece = self.client.read(1 << 16)
            except ssl.SSLWantReadError:
                return bytes(got)
            except ssl.SSLZeroReturnError:
                piece = b""
            if not piece:
                return bytes(got) + b"<end>"
            got += piece


@pytest.fixture(params=[ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3], ids=["1.2", "1.3"])
def pair(request, server_context):
    return Pair(server_context, version=request.param).shake()


@pytest.mark.parametrize("split", [1, 2, 7, 100, 5_000])
@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3], ids=["1.2", "1.3"])
def test_bytes_arrive_however_they_are_cut(server_context, split, version):
    pair = Pair(server_context, split, version).shake()
    assert pair.upper.told == ["made", "shaking", "shaken"]
    data = LONG[: 20_000 if split < 5 else None]
    pair.client.write(data)
    pair.carry()
    assert bytes(pair.upper.got) == data
    pair.upper.transport.write(data)
    pair.upper.transport.writelines([b"and", b" more"])
    assert pair.read() == data + b"and more"


def test_who_ends_its_direction_is_still_answered(pair):
    pair.client.write(b"question")
    with pytest.raises(ssl.SSLWantReadError):
        pair.client.unwrap()
    pair.carry()
    assert bytes(pair.upper.got) == b"question"
    assert pair.upper.told[-1] == "end"
    pair.upper.transport.write(b"answer")
    assert not pair.raw.closed
    pair.upper.transport.close()
    assert pair.raw.closed


def test_who_is_told_goodbye_may_send_on(pair):
    pair.upper.transport.write(b"last word")
    pair.upper.transport.write_eof()
    assert pair.raw.ended
    assert pair.read() == b"last word<end>"


async def test_a_goodbye_stands_behind_what_has_come_already(pair):
    pair.upper.pausing = True
    pair.client.write(LONG * 3)
    pair.carry()
    pair.upper.transport.write(b"last word")
    pair.upper.transport.write_eof()
    pair.upper.pausing = False
    pair.upper.transport.resume_reading()
    await turn()
    assert pair.read() == b"last word<end>"
    pair.client.write(b"more")
    pair.carry()
    assert bytes(pair.upper.got) == LONG * 3 + b"more"
    assert not pair.raw.closed, "else a reset takes the last word away"


def test_a_goodbye_is_said_once(pair):
    for _ in range(2):
        pair.upper.transport.write_eof()
    pair.upper.transport.write(b"too late")
    pair.upper.transport.close()
    assert pair.read() == b"<end>"


def test_an_end_without_goodbye_is_cut_short(pair):
    pair.client.write(b"question")
    pair.carry()
    assert pair.tls.eof_received()
    assert pair.upper.told[-1] == "cut short"
    pair.upper.transport.write(b"answer")
    assert pair.read() == b"answer"


def test_who_does_not_stay_is_closed(pair):
    pair.upper.stays = False
    pair.tls.eof_received()
    assert pair.raw.closed


async def test_nothing_is_handed_out_while_paused(pair):
    pair.upper.pausing = True
    pair.client.write(LONG * 3)
    pair.carry()
    first = len(pair.upper.got)
    assert 0 < first < len(LONG * 3)
    assert pair.raw.paused
    with pytest.raises(ssl.SSLWantReadError):
        pair.client.unwrap()
    pair.carry()
    assert len(pair.upper.got) == first
    pair.upper.pausing = False
    pair.upper.transport.resume_reading()
    assert len(pair.upper.got) == first, "not from within"
    await turn()
    assert bytes(pair.upper.got) == LONG * 3
    assert pair.upper.told[-1] == "end"


async def turn():
    import asyncio  # noqa: PLC0415 - the only one here that needs a loop

    await asyncio.sleep(0)


async def test_what_is_given_back_comes_first(pair):
    pair.upper.pausing = True
    pair.client.write(b"mine and theirs")
    pair.carry()
    pair.upper.transport.unread(b"theirs")
    pair.client.write(b" and more")
    pair.carry()
    pair.upper.got.clear()
    pair.upper.pausing = False
    pair.upper.transport.resume_reading()
    await turn()
    assert bytes(pair.upper.got) == b"theirs and more"


@pytest.mark.parametrize(
    "data",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        b"*1\r\n$4\r\nPING\r\n",
        b"Hello\n",
        bytes(100),
        b"\x16\x03\x01\x00\x05hello",
    ],
)
def test_what_is_no_tls_is_closed_without_being_looked_at(server_context, data):
    pair = Pair(server_context)
    pair.tls.data_received(data)
    pair.tls.data_received(b"\n" * 100)
    assert pair.raw.closed
    assert pair.upper.got == b""
    assert data[0] == 0x16 or not pair.raw.out, "not a word, not even one of TLS"
    pair.upper.transport.write(b"nothing")
    assert b"nothing" not in pair.raw.out


def test_a_handshake_that_ends_early_is_over(server_context):
    pair = Pair(server_context)
    with pytest.raises(ssl.SSLWantReadError):
        pair.client.do_handshake()
    pair.tls.data_received(pair.outgoing.read()[:50])
    assert not pair.tls.eof_received()


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1_1 is deprecated")
def test_older_versions_are_refused(server_context):
    pair = Pair(server_context)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
    pair.client = context.wrap_bio(pair.incoming, pair.outgoing)
    with pytest.raises(ssl.SSLError, match=r"(?i)version|alert"):
        pair.shake()
    assert "shaken" not in pair.upper.told


def test_a_damaged_record_ends_it(pair):
    pair.client.write(b"question")
    record = bytearray(pair.outgoing.read())
    record[-1] ^= 1
    pair.send(bytes(record))
    assert pair.upper.got == b""
    assert pair.raw.closed


def test_the_memory_of_a_lost_connection_is_free_whoever_still_knows_it(pair):
    records = weakref.ref(pair.tls._records)
    pair.tls.connection_lost(None)
    assert records() is None
    assert pair.upper.told[-1] == "lost"
    transport = pair.upper.transport
    assert transport.is_closing()
    assert transport.get_extra_info("ssl_object") is None
    for late in (transport.close, transport.write_eof, transport.resume_reading):
        late()
    transport.write(b"too late")


def test_what_is_known_of_the_connection(pair):
    transport = pair.upper.transport
    assert transport.get_extra_info("peername") == ("192.0.2.1", 7)
    assert transport.get_extra_info("sslcontext")
    assert transport.get_extra_info("ssl_object").version().startswith("TLSv1.")
    assert transport.get_extra_info("nothing", 3) == 3
    assert transport.can_write_eof()
    assert transport.is_reading()
    transport.abort()
    assert pair.raw.aborted
    assert transport.is_closing()
