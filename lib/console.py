"""Progress of commands, in a terminal or a log."""

from __future__ import annotations

import sys
import time
from typing import TextIO

WIDTH = 100


class Terminal:
    """Lines for people; where somebody watches, one line that tells how far a slow step has come."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stdout
        self._watched = self._stream.isatty()
        self._started = time.monotonic()
        self._passing = False

    def say(self, line: str) -> None:
        """A line that stays."""
        self._clear()
        self._write(line + "\n")
        self._stream.flush()

    def step(self, line: str) -> None:
        """A line that stays, with the seconds since the start."""
        self.say(f"[{time.monotonic() - self._started:5.1f} s] {line}")

    def passing(self, line: str) -> None:
        """A line that the next one takes the place of; nothing where nobody watches."""
        if self._watched:
            self._clear()
            self._write(line[:WIDTH])
            self._stream.flush()
            self._passing = True

    def _write(self, text: str) -> None:
        """Write a text. Characters that the terminal cannot show, such as half of a surrogate pair, are escaped."""
        encoding = self._stream.encoding or "utf-8"
        self._stream.write(text.encode(encoding, "backslashreplace").decode(encoding))

    def _clear(self) -> None:
        if self._passing:
            self._stream.write("\r\033[K")
            self._passing = False
