"""Sizes as people read them."""

from __future__ import annotations

UNITS = ("KB", "MB", "GB", "TB")
THOUSAND = 1_000


def size(count: int) -> str:
    """Return `512 bytes`, `1.2 MB`: powers of 1,000."""
    if count < THOUSAND:
        return f"{count} bytes"
    value = float(count)
    for unit in UNITS:
        value /= THOUSAND
        # 999.95 and above would be shown as 1000.0.
        if value < THOUSAND - 0.05:
            return f"{value:.1f} {unit}"
    return f"{value:.1f} {UNITS[-1]}"
