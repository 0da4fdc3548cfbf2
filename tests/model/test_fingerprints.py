"""Fingerprints: one form, and what counts as the same."""

import hashlib

import pytest

from portico.model.fingerprints import alike, fingerprint


def test_a_fingerprint_is_as_browsers_show_it():
    shown = fingerprint(b"certificate")
    assert shown.startswith("SHA256:")
    assert shown.removeprefix("SHA256:").split(":") == [
        f"{byte:02X}" for byte in hashlib.sha256(b"certificate").digest()
    ]


@pytest.mark.parametrize(
    "other, same",
    [
        ("SHA256:AB:CD", True),
        ("sha256:abcd", True),
        (" AB CD ", True),
        ("SHA256:AB:CE", False),
        ("SHA256:AB", False),
        ("", False),
    ],
)
def test_what_means_the_same(other, same):
    assert alike("SHA256:AB:CD", other) is same
