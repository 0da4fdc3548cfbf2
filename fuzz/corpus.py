"""Where mutation starts from, for each target; and the pieces that are spliced in anywhere."""

from __future__ import annotations

RESP = [
    b"*1\r\n$4\r\nPING\r\n",
    b"*2\r\n$4\r\nECHO\r\n$5\r\nhello\r\n" * 4,
    b"*2\r\n$3\r\nSAY\r\n$8\r\na\r\nb\r\n\r\n\r\n",
    b"*4\r\n$6\r\nCLIENT\r\n$7\r\nSETINFO\r\n$8\r\nLIB-NAME\r\n$8\r\nredis-py\r\n*1\r\n$4\r\nPING\r\n",
    b"*0\r\n*1\r\n$0\r\n\r\n*500000000\r\n",
    b"*garbage\r\n" + 64 * b"$1\r\na\r\n",
]
TEXT = [
    b"Hello\nstatus\r\n/tell Client2 hi\n//x\nbye",
    b"\xff\xfd\x01\xff\xfa\x18\x00xterm\xff\xf0Helxx\b\blo\r\n\n\n",
    b"GET / \r\nHost: x\r\nContent-Length: 5\r\n\r\nHello",
    "Gr\u00fc\u00dfe \U0001f600\n/name Ann Lee\n\u202e\u2028\n".encode(),
]
HTTP = [
    b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
    b"HEAD /files/a HTTP/1.0\n\nrest",
    b"POST /messages HTTP/1.1\r\nContent-Length: 5\r\n\r\nHello",
]
MASK = b"\x00\x00\x00\x00"
FRAMES = [
    b"\x81\x8d" + MASK + b'{"do":"ping"}' + b"\x89\x81" + MASK + b"?",
    b"\x01\x87" + MASK + b'{"do":"' + b"\x8a\x80" + MASK + b"\x80\x86" + MASK + b'ping"}',
    b"\x81\xfe\x00\x8d" + MASK + b'{"do":"ping"}'.ljust(0x8D),
    b"\x81\xff" + bytes(6) + b"\x01\x00" + MASK + b'{"do":"ping"}'.ljust(256),
    b"\x88\x82" + MASK + b"\x03\xe8" + b"\x82\x81" + MASK + b"x",
]
JSON = [
    b'{"id": 7, "do": "say", "args": {"text": "Hello", "id": "k", "as": null}}',
    b'{"id": "a", "do": "hello", "args": {"setname": "Ann", "auth": ["me", "token"]}}',
    b'{"do": "history", "args": {"since": 0, "count": 10, "kind": "message"}}',
    b'{"do": "list", "args": {"pattern": "**", "digest": true}}',
    b'{"do": "write", "args": {"upload": "x", "offset": 0, "bytes": {"base64": "AP8="}}}',
    b'{"do": "echo", "args": {"text": "\\ud83d\\ude00 \\ud83d \\u0000"}}',
]
SNIFF = [RESP[0], TEXT[0], TEXT[1], *HTTP, b"*", b"* a\n", b"\x16\x03\x01", b"a" * 8_190 + b"\r\n"]
BIND = [
    b"HELLO\x003\x00AUTH\x00user\x00token\x00SETNAME\x00Ann",
    b"SAY\x00hi\x00ID\x00k1\x00AS\x00Bob",
    b"TELL\x00Client1\x00hi there",
    b"HISTORY\x00SINCE\x000\x00COUNT\x005\x00KIND\x00message\x00WAIT\x005",
    b"LIST\x00**/*.txt\x00AFTER\x00a\x00COUNT\x001",
    b"STATUS\x00ONLINE\x00COUNT\x001",
    b"HELLO\x00RESUME\x00secret",
    b"COMMAND\x00DOCS\x00say",
    b"CLIENT\x00SETINFO\x00LIB-NAME\x00x",
    b'NAME\x00"Ann Lee"',
    b"STAT\x00tester1.txt",
    b"ERASE\x001",
    b"MULTI",
    b"BYE",
]

PIECES = [
    *(b"\r\n", b"\n", b"\r", b"\x00", b"\xff", b"\xff\xfa", b"\xff\xf0", b"\b", b"\x1b[2J", b'"', b" ", b"/"),
    *(b"*1\r\n", b"*64\r\n", b"*65\r\n", b"$0\r\n", b"$-1\r\n", b"$+5\r\n", b"$0_1\r\n", b"$1048576\r\n"),
    *(b"9" * 10, b"9" * 400, b" HTTP/1.1\r\n", b"Host: x\n", b"\xed\xa0\x80", "\u0665\u202e".encode()),
    *(b"a" * 1_023, b"a" * 1_024, b"a" * 8_192, b"a" * 65_537),
]
