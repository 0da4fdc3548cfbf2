"""Every refusal a person or a program can meet, each with a stable code and its one sentence.

    PorticoError            ERR          what fits no other code: unknown command, wrong arguments, bad text
    ├── ProtocolError       ERR          bytes that are not the wire they claim to be; the connection closes
    │   └── NotAWebAddress  ERR          a lost browser or HTTP/2 client on the plain text wire
    ├── NotOffered          ERR          understood, and not offered here (transactions, HTTP)
    ├── NoToken             NOAUTH       the room wants a token
    ├── WrongToken          WRONGPASS    a token that is not valid here
    │   └── ShutOut         WRONGPASS    one too many; the connection closes
    ├── Denied              DENIED       the room's policy, or a token's role, does not allow it
    ├── Full                FULL         every place is taken
    ├── NameTaken           TAKEN        another session holds that name
    ├── BadName             BADNAME      not a name the rules allow
    ├── BadPath             ERR          not a path the rules allow
    ├── NotFound            NOTFOUND     no such session, entry, file or secret
    ├── Exists              EXISTS       a file of that name is there already
    │   └── KeyReused       EXISTS       the idempotency key came before, with other content
    ├── WrongOffset         OFFSET       an upload stands at another byte
    ├── WrongDigest         DIGEST       what came is not what was announced
    ├── Changed             CHANGED      the file is not the one it was
    ├── Busy                BUSY         another connection is at it
    ├── Gone                GONE         history that is not kept, or not written yet
    ├── TooBig              TOOBIG       longer than the limit
    ├── NoSpace             NOSPACE      the disk is full
    ├── NeedResp3           NEEDRESP3    pushes need RESP3
    ├── NoProto             NOPROTO      a protocol version that does not exist
    ├── Unavailable         UNAVAILABLE  the log or the files cannot be written or read at present
    │   ├── CannotConnect   UNAVAILABLE  nobody answers at the server's address; said by the client
    │   │   └── Untrusted   UNAVAILABLE  somebody answers whose key is another one; said by the client
    │   ├── Lost            UNAVAILABLE  the connection broke before the answer came; said by the client
    │   ├── TimedOut        UNAVAILABLE  no answer in time; said by the client
    │   └── Unexpected      UNAVAILABLE  a mistake of our own, met while answering
    └── Refused             ERR          a store cannot be opened as it is

A sentence is written once, here: what happened, why, what to do next. Wires show the code and the sentence
each in their own way; nobody formats an error of their own.
"""

from __future__ import annotations


class PorticoError(Exception):
    """A refusal with a code for programs and a sentence for people.

    `rule` is by which rule it was refused, for the audit log; empty for what is just somebody's mistake.
    """

    code: str = "ERR"
    rule: str = ""

    def __init__(self, sentence: str) -> None:
        """Keep the sentence: one line, no control characters."""
        super().__init__(sentence)
        self.sentence = sentence


class ProtocolError(PorticoError):
    """What came is not of the wire it claims to be; it is said and the connection closes."""

    rule = "protocol"


class NotAWebAddress(ProtocolError):
    """A browser, or an HTTP/2 client, has lost its way onto the plain text wire."""

    def __init__(self) -> None:
        """Say where the words came from and what speaks here."""
        super().__init__(
            "this is not a web address that Portico can answer; "
            "talk to it with netcat, redis-cli or an HTTP/1.1 client"
        )


class NotOffered(PorticoError):
    """Understood, and not offered here."""


class NoToken(PorticoError):
    """The room wants a token, and none was shown."""

    code = "NOAUTH"
    rule = "no token"

    def __init__(self, how: str = "/auth TOKEN") -> None:
        """Say how it is shown on this wire."""
        super().__init__(f"this room wants a token: {how}")


class WrongToken(PorticoError):
    """Not a token that is valid here: never was, was revoked, or has expired; which is not told."""

    code = "WRONGPASS"

    def __init__(self) -> None:
        """Say the one sentence there is."""
        super().__init__("this token is not valid here; ask whoever runs the room for one")


class ShutOut(WrongToken):
    """The same, from an address that has tried too often: the connection closes."""


class Denied(PorticoError):
    """The room's policy does not allow it, or the role of the token that was shown."""

    code = "DENIED"
    rule = "denied"


class Full(PorticoError):
    """Every place is taken."""

    code = "FULL"
    rule = "full"

    def __init__(self, clients: int, max_clients: int) -> None:
        """Name how many places there are and how many are taken."""
        super().__init__(
            f"Server is full: {clients} of {max_clients} clients are connected. Try again later."
        )


class NameTaken(PorticoError):
    """Another session holds that name, or one that reads the same."""

    code = "TAKEN"

    def __init__(self, name: str) -> None:
        """Name the name."""
        super().__init__(f"the name {name} is taken; choose another")


class BadName(PorticoError):
    """Not a name the rules allow."""

    code = "BADNAME"


class BadPath(PorticoError):
    """Not a path the rules allow."""


class NotFound(PorticoError):
    """No such session, entry, file or secret."""

    code = "NOTFOUND"


class Exists(PorticoError):
    """A file of that name, or of one that reads the same, is there already."""

    code = "EXISTS"


class KeyReused(Exists):
    """The idempotency key came before, with other content."""

    def __init__(self) -> None:
        """Tell what a key promises."""
        super().__init__("this key was used for another message; a new message needs a new key")


class WrongOffset(PorticoError):
    """An upload stands at another byte."""

    code = "OFFSET"

    def __init__(self, offset: int) -> None:
        """Begin with the offset: programs read it from there."""
        super().__init__(f"{offset} is where this upload stands; go on from there")


class WrongDigest(PorticoError):
    """What came is not what was announced; nothing of it is kept."""

    code = "DIGEST"


class Changed(PorticoError):
    """The file is not the one it was."""

    code = "CHANGED"

    def __init__(self, path: str) -> None:
        """Name the file."""
        super().__init__(f"{path} has changed since; fetch it anew")


class Busy(PorticoError):
    """Another connection is at it."""

    code = "BUSY"


class Gone(PorticoError):
    """History that is not kept any more, or not written yet."""

    code = "GONE"

    def __init__(self, first: int, head: int) -> None:
        """Name the oldest and the newest entry that are kept."""
        super().__init__(f"entries from {first} to {head} are kept")


class TooBig(PorticoError):
    """Longer than the limit."""

    code = "TOOBIG"
    rule = "size"


class NoSpace(PorticoError):
    """The disk under the log or the repository is full."""

    code = "NOSPACE"


class NeedResp3(PorticoError):
    """Pushes cannot be told from replies before RESP3."""

    code = "NEEDRESP3"

    def __init__(self) -> None:
        """Say how to get it."""
        super().__init__("FOLLOW pushes entries and needs RESP3; say HELLO 3 first, or use HISTORY with WAIT")


class NoProto(PorticoError):
    """A protocol version that does not exist."""

    code = "NOPROTO"

    def __init__(self) -> None:
        """Name those that do."""
        super().__init__("unsupported protocol version; 2 and 3 are spoken here")


class Unavailable(PorticoError):
    """The log or the files cannot be written or read at present."""

    code = "UNAVAILABLE"


class CannotConnect(Unavailable):
    """Nobody answers at the server's address."""


class Untrusted(CannotConnect):
    """Whoever answers is not who should: nothing was said to it."""


class Lost(Unavailable):
    """The connection broke after the request was sent and before its answer came: it may have been done."""


class TimedOut(Unavailable):
    """No answer came in time; what was asked may have been done, or may still be."""


class Unexpected(Unavailable):
    """A mistake of our own, met while answering; its operator is told which."""

    def __init__(self) -> None:
        """Say who knows more."""
        super().__init__("something went wrong inside the server; its operator can read what")


class Refused(PorticoError):
    """A store cannot be opened as it is; the sentence says why and what to do."""


_BY_CODE: dict[str, type[PorticoError]] = {
    kind.code: kind
    for kind in (
        PorticoError,
        NoToken,
        WrongToken,
        Denied,
        Full,
        NameTaken,
        BadName,
        NotFound,
        Exists,
        WrongOffset,
        WrongDigest,
        Changed,
        Busy,
        Gone,
        TooBig,
        NoSpace,
        NeedResp3,
        NoProto,
        Unavailable,
    )
}


def error_of(code: str, sentence: str) -> PorticoError:
    """Return the error that a server sent, of the class that has its code."""
    kind = _BY_CODE.get(code, PorticoError)
    error = kind.__new__(kind)
    PorticoError.__init__(error, sentence)
    error.code = code
    return error
