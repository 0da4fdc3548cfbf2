"""A real server that speaks TLS on its port: every wire, both ends, its certificate, and who is trusted."""

import contextlib
import hashlib
import os
import shlex
import signal
import socket
import ssl
import subprocess
import sys
import time
from pathlib import Path

import pytest
import redis
from aiohttp import ClientSession

import portico
from portico.client.trust import Trust
from portico.model.fingerprints import fingerprint
from portico.server.limits import PARTIAL_SECONDS
from portico.stores.certificates import self_signed
from tests.support.server import ServerProcess

BIG = os.urandom(3_000_000)


@pytest.fixture
def server(tmp_path, monkeypatch):
    monkeypatch.setenv("PORTICO_KNOWN_HOSTS", str(tmp_path / "known" / "hosts"))
    directory = tmp_path / "files"
    directory.mkdir()
    (directory / "big.bin").write_bytes(BIG)
    server = ServerProcess(directory, tls=True, files="change", max_clients=20).start()
    yield server
    server.stop()


def context():
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    made.check_hostname, made.verify_mode = False, ssl.CERT_NONE
    return made


def secured(server):
    """A blocking TLS connection whose goodbye can be said without waiting for the other one's."""
    sock = context().wrap_socket(socket.create_connection(("127.0.0.1", server.port), timeout=20))
    sock.settimeout(20)
    return sock


def all_of(sock):
    got = bytearray()
    while True:
        try:
            data = sock.recv(1 << 16)
        except (ssl.SSLZeroReturnError, ssl.SSLEOFError, ConnectionResetError):
            data = b""
        if not data:
            return bytes(got)
        got += data


class HalfOpen:
    """TLS whose client says goodbye and listens on, which `ssl.SSLSocket` cannot."""

    def __init__(self, server):
        self.sock = socket.create_connection(("127.0.0.1", server.port), timeout=20)
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context().wrap_bio(self.incoming, self.outgoing)
        self._do(self.tls.do_handshake)

    def _do(self, step, *arguments):
        while True:
            try:
                return step(*arguments)
            except ssl.SSLWantReadError:
                self.sock.sendall(self.outgoing.read())
                self.incoming.write(self.sock.recv(1 << 16))
            finally:
                self.sock.sendall(self.outgoing.read())

    def exchange(self, data):
        """Send, say goodbye, and return all that comes."""
        self.tls.write(data)
        with contextlib.suppress(ssl.SSLWantReadError):
            self.tls.unwrap()
        self.sock.sendall(self.outgoing.read())
        got = b""
        while True:
            try:
                data = self._do(self.tls.read, 1 << 16)
            except ssl.SSLZeroReturnError:
                data = b""
            if not data:
                self.sock.close()
                return got
            got += data


def test_after_the_goodbye_everything_is_answered_also_a_last_line_without_its_end(server):
    said = HalfOpen(server).exchange(b"Hello\nlist\nbye now")
    assert said.decode().splitlines() == [
        "You are Client1 (1 of 20 clients). Type help for the commands.",
        "Hello ACK",
        "Files: big.bin |",
        "bye now ACK",
    ]


def test_a_line_that_somebody_has_cut_is_not_taken_for_whole(server):
    with secured(server) as sock:
        sock.sendall(b"/say one\n/remove big.bin")
        socket.socket.shutdown(sock, socket.SHUT_WR)
        assert all_of(sock).decode().splitlines()[1:] == ["one ACK"]
    assert (server.directory / "big.bin").exists()


def test_redis_py_curl_and_the_page(server):
    room = redis.Redis(port=server.port, protocol=3, ssl=True, ssl_cert_reqs="none")
    assert room.ping()
    assert room.execute_command("SAY", "hi", "AS", "lab")
    room.close()
    certificate = server.directory / ".portico" / "tls-cert.pem"
    curl = ["curl", "-sf", "--cacert", certificate, f"https://localhost:{server.port}/files/big.bin"]
    assert subprocess.run(curl, capture_output=True, check=True, timeout=20).stdout == BIG
    url = f"https://localhost:{server.port}/files/new.bin"
    put = ["curl", "-sf", "--cacert", certificate, "-T", server.directory / "big.bin", url]
    subprocess.run(put, capture_output=True, check=True, timeout=20)
    assert (server.directory / "new.bin").read_bytes() == BIG
    head = ["curl", "-s", "--http1.1", "--cacert", certificate, f"https://localhost:{server.port}/"]
    assert (
        b"<!doctype html>" in subprocess.run(head, capture_output=True, check=True, timeout=20).stdout.lower()
    )


@pytest.mark.peer("openssl", "apt-get install openssl")
def test_the_dialogue_of_netcat(server):
    done = subprocess.run(
        ["openssl", "s_client", "-quiet", "-connect", f"127.0.0.1:{server.port}"],
        input="Hello\nlist\nstatus\nbye\n",
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    first, hello, files, name, *_, last = done.stdout.splitlines()
    assert first == "You are Client1 (1 of 20 clients). Type help for the commands."
    assert (hello, files, name) == ("Hello ACK", "Files: big.bin |", "Client Name: Client1")
    assert last == "Goodbye, Client1."


@pytest.mark.peer("redis-cli", "apt-get install redis-tools")
def test_redis_cli(server):
    command = shlex.split(server.wait_for("From programs: ").removeprefix("From programs: "))
    typed = "NAME alice\nSAY hello\nBYE\n"
    done = subprocess.run(command, input=typed, capture_output=True, text=True, timeout=20, check=False)
    assert done.stdout.startswith("alice\n2\n")
    assert server.wait_for("alice: ") == "alice: hello"


async def test_a_websocket(server):
    certificate = server.directory / ".portico" / "tls-cert.pem"
    trusting = ssl.create_default_context(cafile=certificate)
    async with ClientSession() as session:
        async with session.ws_connect(f"wss://localhost:{server.port}/ws", ssl=trusting) as page:
            await page.send_json({"id": 1, "do": "name", "args": {"name": "Ann"}})
            await page.send_json({"id": 2, "do": "say", "args": {"text": "Hello"}})
            assert [(await page.receive_json())["id"] for _ in range(2)] == [1, 2]
        async with session.get(f"https://localhost:{server.port}/status", ssl=trusting) as status:
            assert (await status.json())[0]["name"] == "Ann"


def test_a_deposit_that_was_cut_goes_on_where_it_was(server, tmp_path):
    upload = "a" * 32
    put = ["PUT", "cut.bin", str(len(BIG)), "UPLOAD", upload]
    with secured(server) as sock:
        sock.sendall(request(*put) + request("WRITE", upload, "0", BIG)[:1_000_000])
        time.sleep(0.2)
        socket.socket.shutdown(sock, socket.SHUT_RDWR)
    room = redis.Redis(port=server.port, protocol=3, ssl=True, ssl_cert_reqs="none")
    offset = room.execute_command(*put)[b"offset"]
    assert 0 < offset < 1_000_000
    assert room.execute_command("WRITE", upload, offset, BIG[offset:]) == len(BIG)
    assert room.execute_command("FINISH", upload)[b"size"] == len(BIG)
    room.close()
    assert (server.directory / "cut.bin").read_bytes() == BIG


def request(*words):
    """A request of RESP."""
    parts = [word if isinstance(word, bytes) else word.encode() for word in words]
    return b"*%d\r\n" % len(parts) + b"".join(b"$%d\r\n%s\r\n" % (len(part), part) for part in parts)


def test_who_is_refused_while_sending_hears_why(server):
    server.restart(files="read")
    with secured(server) as sock:
        sock.sendall(b"PUT /files/x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9000000\r\n\r\n")
        with contextlib.suppress(OSError):
            for _ in range(9):
                sock.sendall(bytes(1_000_000))
        assert all_of(sock).startswith(b"HTTP/1.1 403 ")


def test_a_download_under_way_is_finished_at_the_end(server):
    (server.directory / "huge.bin").write_bytes(BIG * 8)  # more than the buffers on the way can hold
    with secured(server) as sock:
        sock.sendall(b"GET /files/huge.bin HTTP/1.0\r\nHost: localhost\r\n\r\n")
        got = sock.recv(1 << 10)
        server.process.send_signal(signal.SIGTERM)
        got += all_of(sock)
    assert got.partition(b"\r\n\r\n")[2] == BIG * 8
    assert server.wait_until_it_ends() == 0


def test_our_client_talks_and_moves_files(server, tmp_path):
    met = []
    with portico.Client(f"127.0.0.1:{server.port}", name="Ann", tls=Trust(tell=met.append)) as client:
        assert client.say("Hello")
        client.get("big.bin", tmp_path / "got.bin")
        client.put(tmp_path / "got.bin", "put.bin")
        assert client.stat("put.bin").sha256 == hashlib.sha256(BIG).hexdigest()
        tree = tmp_path / "tree"
        tree.mkdir()
        for number in range(100):
            (tree / str(number)).write_bytes(BIG[:number])
        client.put_tree(tree, "tree")
        client.get_tree("tree", tmp_path / "back")
    assert (tmp_path / "got.bin").read_bytes() == BIG
    assert {path.name: path.read_bytes() for path in (tmp_path / "back").rglob("*") if path.is_file()} == {
        str(number): BIG[:number] for number in range(100)
    }
    assert len(met) == 1, "its key is told once, and known from then on"


def test_a_client_comes_back_when_the_server_does(server):
    with portico.Client(f"tls://127.0.0.1:{server.port}", name="Ann") as client:
        first = client.say("one")
        server.kill()
        server.restart()
        assert client.say("two") > first


def test_a_key_that_has_changed_is_refused_loudly(server, tmp_path):
    address = f"127.0.0.1:{server.port}"
    with portico.Client(address, tls=True):
        pass
    server.terminate()
    for name in ("tls-cert.pem", "tls-key.pem"):
        (server.directory / ".portico" / name).unlink()
    server.restart()
    with pytest.raises(portico.Untrusted, match=r"HAS CHANGED.*remove line 1 of"):
        portico.Client(address, tls=True).connect()
    (tmp_path / "known" / "hosts").unlink()
    with portico.Client(address, tls=True) as client:
        assert client.list()


def test_who_is_known_otherwise(server):
    address = f"127.0.0.1:{server.port}"
    certificate = server.directory / ".portico" / "tls-cert.pem"
    shown = fingerprint(ssl.PEM_cert_to_DER_cert(certificate.read_text()))
    assert shown in "\n".join(server.console)
    for trust in (
        Trust(authority=str(certificate)),
        Trust(fingerprint=shown),
        Trust(fingerprint=shown.lower()),
    ):
        with portico.Client(address, tls=trust) as client:
            assert client.list()
    for trust in (Trust(authority="system"), Trust(fingerprint="SHA256:00")):
        with pytest.raises(portico.Untrusted):
            portico.Client(address, tls=trust).connect()
    with pytest.raises(portico.CannotConnect, match="if it speaks TLS, use --tls"):
        portico.Client(address).connect()


def test_who_speaks_tls_to_a_plain_server_is_told(serve):
    with pytest.raises(portico.CannotConnect, match="no TLS is spoken there"):
        portico.Client(f"127.0.0.1:{serve().port}", tls=True).connect()


def test_the_operators_certificate_is_read_again(server, tmp_path):
    server.terminate()
    one, two = (self_signed(tmp_path / name, [name]) for name in ("one", "two"))
    mine = tmp_path / "mine"
    mine.mkdir()
    use(one, mine)
    server.restart(tls=False, tls_cert=mine / "cert.pem", tls_key=mine / "key.pem")
    with secured(server) as before:
        assert shown_by(server) == der(one)
        use(two, mine)
        server.process.send_signal(signal.SIGHUP)
        server.wait_for("the certificate was read again")
        assert shown_by(server) == der(two)
        (mine / "key.pem").write_text("no key")
        server.process.send_signal(signal.SIGHUP)
        server.wait_for("the certificate stays as it was")
        assert shown_by(server) == der(two)
        before.sendall(b"still here\n")
        assert before.recv(1 << 16).startswith(b"You are Client")


def use(pair, directory):
    (directory / "cert.pem").write_bytes(pair.certificate.read_bytes())
    (directory / "key.pem").write_bytes(pair.key.read_bytes())
    (directory / "key.pem").chmod(0o600)


def shown_by(server):
    with secured(server) as sock:
        return sock.getpeercert(binary_form=True)


def der(pair):
    return ssl.PEM_cert_to_DER_cert(pair.certificate.read_text())


def test_the_key_is_made_once_and_is_the_owners_alone(server):
    private = server.directory / ".portico"
    first = shown_by(server)
    assert (private / "tls-key.pem").stat().st_mode & 0o077 == 0
    server.restart()
    assert shown_by(server) == first


@pytest.mark.parametrize(
    "flags, sentence",
    [
        (["--tls-cert", "x"], "--tls-cert alone is not enough; name the other half with --tls-key"),
        (["--tls-cert", "/nowhere", "--tls-key", "/nowhere"], "/nowhere cannot be read"),
        (["--tls-cert", __file__, "--tls-key", __file__], "cannot be used"),
    ],
)
def test_what_is_no_certificate_is_refused_in_words(flags, sentence, tmp_path):
    command = [sys.executable, "-m", "portico", "serve", tmp_path, "--port", "0", *flags]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=20)
    assert done.returncode in (1, 2)
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.slow
def test_handshakes_that_are_not_finished_are_over_in_time(server):
    begun = [socket.create_connection(("127.0.0.1", server.port), timeout=30) for _ in range(3)]
    for count, sock in enumerate(begun):
        sock.sendall(b"\x16\x03\x01\x02\x00\x01"[: 2 * count + 1])
    silent = secured(server)
    began = time.monotonic()
    for sock in begun:
        assert sock.recv(100) == b""
    assert PARTIAL_SECONDS - 1 < time.monotonic() - began < PARTIAL_SECONDS + 5
    silent.sendall(b"Hello\n")
    assert silent.recv(1 << 16).startswith(b"You are Client1")
    for sock in (silent, *begun):
        sock.close()


def test_plain_bytes_get_no_word(server):
    for data in (b"Hello\n", b"*1\r\n$4\r\nPING\r\n", b"GET / HTTP/1.0\r\n\r\n"):
        with socket.create_connection(("127.0.0.1", server.port), timeout=20) as sock:
            sock.sendall(data)
            assert all_of(sock) == b"", "not even an alert of TLS"
    assert not [line for line in server.errors if "Traceback" in line]


def test_a_slow_reader_of_a_file_gets_it_whole(server):
    big = Path(server.directory / "huge.bin")
    big.write_bytes(BIG * 8)
    with secured(server) as sock:
        sock.sendall(b"GET /files/huge.bin HTTP/1.0\r\nHost: localhost\r\n\r\n")
        time.sleep(0.5)
        got = all_of(sock)
    assert got.partition(b"\r\n\r\n")[2] == BIG * 8
