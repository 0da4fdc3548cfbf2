"""Certificates: the self-signed one, the operator's own, and what is said of those that will not do."""

import datetime as dt
import ssl
import subprocess

import pytest
from cryptography import x509

from portico.model.errors import Refused
from portico.model.fingerprints import fingerprint
from portico.stores import certificates
from portico.stores.certificates import Certificates, Pair, first_of, out_of_time, self_signed

DAY = dt.timedelta(days=1)


@pytest.fixture
def pair(tmp_path):
    return self_signed(tmp_path / "private", ["192.0.2.7", "lab.example"])


def read(pair):
    return x509.load_pem_x509_certificate(pair.certificate.read_bytes())


def test_a_self_signed_certificate_names_the_host_and_stays(pair):
    names = read(pair).extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert {"lab.example", "localhost"} <= set(names.get_values_for_type(x509.DNSName))
    addresses = {str(address) for address in names.get_values_for_type(x509.IPAddress)}
    assert {"192.0.2.7", "127.0.0.1", "::1"} <= addresses
    assert pair.key.stat().st_mode & 0o777 == 0o600
    before = pair.certificate.read_bytes()
    assert self_signed(pair.key.parent, ["elsewhere"]) == pair
    assert pair.certificate.read_bytes() == before
    assert not list(pair.key.parent.glob("*.partial"))


def test_a_machine_may_have_a_name_that_no_certificate_can_have(tmp_path, monkeypatch):
    monkeypatch.setattr(certificates.socket, "gethostname", lambda: "x" * 64)
    assert first_of(self_signed(tmp_path, ["a..b"]).certificate)


def test_a_key_without_its_certificate_is_made_anew(pair):
    pair.certificate.unlink()
    assert Certificates(self_signed(pair.key.parent, [])).fingerprint


def test_what_stands_beside_a_certificate_does_not_matter(pair):
    shown = fingerprint(first_of(pair.certificate))
    pair.certificate.write_bytes(
        "Müller's, and the authority's:\n".encode() + pair.certificate.read_bytes() * 2
    )
    assert Certificates(pair).fingerprint == shown


def test_a_certificate_whose_time_is_not_now_is_told(pair):
    certificate, now = first_of(pair.certificate), dt.datetime.now(dt.UTC)
    assert out_of_time(certificate, now) == ""
    assert "has expired on" in out_of_time(certificate, now + 3_651 * DAY)
    assert "is valid only from" in out_of_time(certificate, now - 3 * DAY)


def test_an_expired_certificate_is_used_and_told(pair, monkeypatch):
    notes = []
    monkeypatch.setattr(certificates, "out_of_time", lambda *_: "has expired on 2020-01-01")
    Certificates(pair, notes.append)
    assert notes == [f"{pair.certificate} has expired on 2020-01-01; who verifies it will not come in"]


def test_a_key_that_others_can_read_is_used_and_told(pair):
    notes = []
    pair.key.chmod(0o640)
    Certificates(pair, notes.append)
    assert notes == [f"others can read the key {pair.key}; chmod 600 {pair.key}"]


def test_a_broken_pair_leaves_the_one_there_is(pair, tmp_path):
    notes = []
    held = Certificates(pair, notes.append)
    context, shown = held.context, held.fingerprint
    good = pair.key.read_bytes()
    for broken in (b"", b"no key", self_signed(tmp_path / "other", []).key.read_bytes()):
        pair.key.write_bytes(broken)
        held.reload()
        assert notes[-1].startswith("the certificate stays as it was: ")
        assert (held.context, held.fingerprint) == (context, shown)
    pair.key.write_bytes(good)
    held.reload()
    assert notes[-1] == f"the certificate was read again: {shown}"
    assert held.context is not context


def test_a_key_with_a_password_is_refused_instead_of_asked_for(pair):
    subprocess.run(
        ["openssl", "ec", "-in", pair.key, "-aes128", "-passout", "pass:secret", "-out", pair.key],
        check=True,
        capture_output=True,
        timeout=20,
    )
    with pytest.raises(Refused, match="cannot be used"):
        Certificates(pair)


def test_a_missing_file_is_named(pair, tmp_path):
    with pytest.raises(Refused, match="nowhere cannot be read"):
        Certificates(Pair(pair.certificate, tmp_path / "nowhere"))


def test_older_versions_and_compression_are_off(pair):
    context = Certificates(pair).context
    assert context.minimum_version == ssl.TLSVersion.TLSv1_2
    assert context.options & ssl.OP_NO_COMPRESSION
    assert context.options & ssl.OP_NO_RENEGOTIATION
