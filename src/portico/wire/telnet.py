"""What a telnet client mixes into its text: option negotiation (RFC 854), taken out byte by byte.

UTF-8 never contains the byte 255, so that nothing a person types is touched.
"""

from __future__ import annotations

IAC, DONT, WILL, SB, SE = 255, 254, 251, 250, 240


class TelnetFilter:
    """Strips negotiation from a stream, however it is cut: `IAC WILL x`, `IAC SB ... IAC SE`, `IAC x`."""

    __slots__ = ("_command", "_inside")

    def __init__(self) -> None:
        """Begin in plain text."""
        self._command = 0
        self._inside = False

    @property
    def partial(self) -> bool:
        """Whether the beginning of a negotiation came and not its end."""
        return self._inside or bool(self._command)

    def strip(self, data: bytes) -> bytes:
        """Return the bytes that are text."""
        if not self._command and not self._inside and IAC not in data:
            return data
        return bytes(byte for byte in data if self._is_text(byte))

    def _is_text(self, byte: int) -> bool:
        command, self._command = self._command, 0
        if command == IAC:
            self._after_iac(byte)
            return False
        if command:
            return False
        if byte == IAC:
            self._command = IAC
            return False
        return not self._inside

    def _after_iac(self, byte: int) -> None:
        if byte == SB:
            self._inside = True
        elif byte == SE:
            self._inside = False
        elif WILL <= byte <= DONT and not self._inside:
            self._command = byte
