"""Messages, progress and tables of commands."""

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
"""Width of files and pipes, in which rich would otherwise cut lines at 80 columns."""


class Terminal:
    """Output of a command. Files and pipes get plain text: no control sequences, no transient lines, no wrapping."""

    def __init__(self, stream: TextIO | None = None) -> None:
        # Without a standard output, such as after `>&-`, Python sets None.
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

    def say(self, line: str) -> None:
        """Print a line."""
        self._erase()
        self._console.out(self._printable(line), highlight=False)

    def step(self, line: str) -> None:
        """Print a line with the seconds since the start."""
        self.say(f"[{time.monotonic() - self._started:5.1f} s] {line}")

    def passing(self, line: str) -> None:
        """Show a line, in a terminal, until the next one."""
        if self._is_interactive:
            self._erase()
            text = Text(self._printable(line))
            text.truncate(self._console.width - 1, overflow="ellipsis")
            self._console.print(text, end="")
            self._has_transient_line = True

    @contextmanager
    def progress(self, label: str, total: int) -> Iterator[Callable[[], None]]:
        """Show a progress bar, in a terminal, during the block. Yield the function that advances it by one."""
        columns = (TextColumn("  "), BarColumn(), MofNCompleteColumn(), TextColumn(label))
        with Progress(*columns, console=self._console, transient=True, disable=not self._is_interactive) as bars:
            task = bars.add_task(label, total=total)
            yield lambda: bars.advance(task)

    def table(self, rows: Sequence[Sequence[str]], justify: str = "lr") -> None:
        """Print a table whose first row is the head. `justify` has `l` or `r` for each column; the last one repeats."""
        head, *body = rows
        sides = justify.ljust(len(head), justify[-1])
        table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
        for cell, side in zip(head, sides, strict=True):
            table.add_column(cell, justify="left" if side == "l" else "right", overflow="fold")
        for row in body:
            table.add_row(*map(self._printable, row))
        with self._console.capture() as captured:
            self._console.print(table)
        for line in captured.get().splitlines():
            self.say(line.rstrip())

    def _printable(self, text: str) -> str:
        """Escape the characters that the encoding of the stream lacks, such as half of a surrogate pair."""
        return text.encode(self._encoding, "backslashreplace").decode(self._encoding)

    def _erase(self) -> None:
        if self._has_transient_line:
            self._console.control(ERASE)
            self._has_transient_line = False
