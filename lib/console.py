"""Output of commands: messages, progress and tables."""

from __future__ import annotations

import io
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TextIO

from rich.console import Console
from rich.control import Control
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.segment import ControlType
from rich.table import Table
from rich.text import Text

ERASE = Control(ControlType.CARRIAGE_RETURN, (ControlType.ERASE_IN_LINE, 2))
UNLIMITED_WIDTH = 10_000
"""Width for files and pipes, where rich would otherwise wrap lines at 80 columns."""


class Terminal:
    """Output of a command: plain text, unwrapped and without control sequences, unless the stream is a terminal."""

    def __init__(self, stream: TextIO | None = None) -> None:
        # Python sets sys.stdout to None if the standard output is closed, such as by `>&-`.
        stream = stream or sys.stdout or io.StringIO()
        self._encoding = stream.encoding or "utf-8"
        is_terminal = stream.isatty()
        self._console = Console(
            file=stream,
            force_terminal=is_terminal,
            width=None if is_terminal else UNLIMITED_WIDTH,
            highlight=False,
            markup=False,
            emoji=False,
        )
        self._is_interactive = is_terminal and not self._console.is_dumb_terminal
        self._started = time.monotonic()
        self._has_transient_line = False

    def print_line(self, line: str) -> None:
        """Print a line."""
        self._erase()
        self._console.out(self._printable(line), highlight=False)

    def step(self, line: str) -> None:
        """Print a line that is prefixed with the seconds since the start."""
        self.print_line(f"[{time.monotonic() - self._started:5.1f} s] {line}")

    def show_transient(self, line: str) -> None:
        """In a terminal, show a line until the next output."""
        if self._is_interactive:
            self._erase()
            text = Text(self._printable(line))
            text.truncate(self._console.width - 1, overflow="ellipsis")
            self._console.print(text, end="")
            self._has_transient_line = True

    @contextmanager
    def progress(self, label: str, total: int) -> Iterator[Callable[[], None]]:
        """In a terminal, show a progress bar during the block. Yield a function that advances it by one."""
        columns = (TextColumn("  "), BarColumn(), MofNCompleteColumn(), TextColumn(label))
        with Progress(*columns, console=self._console, transient=True, disable=not self._is_interactive) as bars:
            task = bars.add_task(label, total=total)
            yield lambda: bars.advance(task)

    def table(self, rows: Sequence[Sequence[str]], justify: str = "lr") -> None:
        """Print a table. The first row is the header. `justify` is `l` or `r` per column; its last letter repeats."""
        header, *body = rows
        sides = justify.ljust(len(header), justify[-1])
        table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
        for cell, side in zip(header, sides, strict=True):
            table.add_column(cell, justify="left" if side == "l" else "right", overflow="fold")
        for row in body:
            table.add_row(*map(self._printable, row))
        with self._console.capture() as captured:
            self._console.print(table)
        for line in captured.get().splitlines():
            self.print_line(line.rstrip())

    def _printable(self, line: str) -> str:
        """Escape the characters that the stream cannot encode, such as half of a surrogate pair."""
        return line.encode(self._encoding, "backslashreplace").decode(self._encoding)

    def _erase(self) -> None:
        if self._has_transient_line:
            self._console.control(ERASE)
            self._has_transient_line = False
