"""Certificates: the operator's own, or a self-signed one that is made at the first start and kept.

A self-signed certificate is not believed for who signed it but for its key: people compare its fingerprint
once, and our clients remember it. So it is the same at every start.
"""

from __future__ import annotations

import datetime as dt
import ipaddress
import os
import socket
import ssl
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from portico.model.errors import Refused
from portico.model.fingerprints import fingerprint
from portico.stores.places import prepare_directory, sync_directory

VALID = dt.timedelta(days=3_650)
"""Ten years: nobody renews it, and who pins a key does not look at dates."""

PEM_BEGIN, PEM_END = "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"

NOT_MINE = 0o077
"""The bits of a file's mode that let others at it."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Where a certificate (with those that sign it behind it) and its key are."""

    certificate: Path
    key: Path


class Certificates:
    """The certificate of a server, as it is now; `context` is what new connections begin with."""

    def __init__(self, pair: Pair, note: Callable[[str], None] = lambda _: None) -> None:
        """Read it; raise `Refused` when it cannot be used. `note` is told what is amiss."""
        self._pair, self._note = pair, note
        self._read()

    @property
    def path(self) -> Path:
        """Where it is."""
        return self._pair.certificate

    def reload(self) -> None:
        """Read it again; what cannot be used is told, and the one there is goes on."""
        try:
            self._read()
        except Refused as error:
            self._note(f"the certificate stays as it was: {error.sentence}")
        else:
            self._note(f"the certificate was read again: {self.fingerprint}")

    def _read(self) -> None:
        context, certificate = context_of(self._pair), first_of(self._pair.certificate)
        self.context, self.fingerprint = context, fingerprint(certificate)
        with suppress(OSError):
            if self._pair.key.stat().st_mode & NOT_MINE:
                self._note(f"others can read the key {self._pair.key}; chmod 600 {self._pair.key}")
        trouble = out_of_time(certificate, dt.datetime.now(dt.UTC))
        if trouble:
            self._note(f"{self._pair.certificate} {trouble}; who verifies it will not come in")


def context_of(pair: Pair) -> ssl.SSLContext:
    """Return how connections begin with a certificate: TLS 1.2 or newer; raise `Refused`."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_RENEGOTIATION | ssl.OP_NO_COMPRESSION
    context.set_alpn_protocols(["http/1.1"])
    try:
        # An empty password: a key that wants one is refused instead of asked for.
        context.load_cert_chain(pair.certificate, pair.key, password="")
    except ssl.SSLError as error:
        why = (error.reason or "").replace("_", " ").lower() or "it is damaged, or wants a password"
        raise Refused(f"{pair.certificate} with the key {pair.key} cannot be used: {why}") from error
    except OSError as error:
        which = pair.key if os.access(pair.certificate, os.R_OK) else pair.certificate
        raise Refused(f"{which} cannot be read: {error.strerror}; check its path, owner and mode") from error
    return context


def first_of(path: Path) -> bytes:
    """Return the first certificate in a file, in DER form; raise `Refused`. Beside it may stand anything."""
    try:
        text = path.read_text(encoding="ascii", errors="replace")
        begin = text.index(PEM_BEGIN)
        return ssl.PEM_cert_to_DER_cert(text[begin : text.index(PEM_END, begin) + len(PEM_END)])
    except (OSError, ValueError) as error:
        raise Refused(f"{path} holds no certificate in PEM form") from error


def out_of_time(certificate: bytes, now: dt.datetime) -> str:
    """Return what is wrong with the dates of a certificate, empty for nothing."""
    from cryptography import x509  # noqa: PLC0415 - 50 ms, for TLS alone

    try:
        read = x509.load_der_x509_certificate(certificate)
    except ValueError:  # OpenSSL, which has taken it already, is not as strict
        return ""
    if now >= read.not_valid_after_utc:
        return f"has expired on {read.not_valid_after_utc:%Y-%m-%d}"
    if now < read.not_valid_before_utc:
        return f"is valid only from {read.not_valid_before_utc:%Y-%m-%d} on"
    return ""


def self_signed(directory: Path, hosts: Iterable[str]) -> Pair:
    """Return the self-signed pair of a directory, made for these hosts unless there is one.

    Raises `Refused` when it cannot be made.
    """
    pair = Pair(directory / "tls-cert.pem", directory / "tls-key.pem")
    if not (pair.certificate.exists() and pair.key.exists()):
        prepare_directory(directory)
        key, certificate = _make([*hosts, *_own_names()])
        try:
            _write(pair.key, key, 0o600)
            _write(pair.certificate, certificate, 0o644)
            sync_directory(directory)
        except OSError as error:
            raise Refused(f"no certificate can be made in {directory}: {error.strerror}") from error
    return pair


def _own_names() -> list[str]:
    machine = socket.gethostname().lower()
    return ["localhost", "127.0.0.1", "::1", machine, f"{machine.partition('.')[0]}.local"]


def _make(hosts: Iterable[str]) -> tuple[bytes, bytes]:
    """Return a new key and a certificate for it, both in PEM form."""
    from cryptography import x509  # noqa: PLC0415 - as above
    from cryptography.hazmat.primitives import hashes, serialization  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Portico")])
    names: list[x509.GeneralName] = []
    for host in dict.fromkeys(hosts):
        try:
            names.append(x509.IPAddress(ipaddress.ip_address(host)))
        except ValueError:
            # A machine may have a name that no certificate can (RFC 1035 section 2.3.4).
            with suppress(UnicodeError):
                names.append(x509.DNSName(host.encode("idna").decode("ascii")))
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        # Clocks differ, and one that stands at the beginning of time is set later.
        .not_valid_before(now - dt.timedelta(days=2))
        .not_valid_after(now + VALID)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    return (
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        ),
        certificate.public_bytes(serialization.Encoding.PEM),
    )


def _write(path: Path, data: bytes, mode: int) -> None:
    """Write a file so that it is whole or not there."""
    temporary = path.with_name(f"{path.name}.partial")
    temporary.unlink(missing_ok=True)
    file = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
    with os.fdopen(file, "wb") as out:
        out.write(data)
        out.flush()
        os.fsync(out.fileno())
    temporary.replace(path)
