"""Output of commands in terminals, files and pipes."""

from __future__ import annotations

import io

import pytest

from lib.console import Terminal

ROWS = [["name", "units", "note"], ["lamp [bold] :smile:", "2", "\ud800"], ["shelf", "1,000", "x" * 200]]


@pytest.fixture(autouse=True)
def environment_fixture(monkeypatch: pytest.MonkeyPatch) -> None:
    """Set the variables from which rich derives the capabilities of a terminal."""
    for variable in ("COLUMNS", "FORCE_COLOR", "NO_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("TERM", "xterm")


class Interactive(io.StringIO):
    """The stream of a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("encoding", "expected"), [("utf-8", "Ж \\ud800\n"), ("ascii", "\\u0416 \\ud800\n")])
def test_character_that_the_stream_cannot_encode_is_escaped(encoding: str, expected: str) -> None:
    output = io.BytesIO()
    terminal = Terminal(io.TextIOWrapper(output, encoding=encoding))
    terminal.print_line("Ж \ud800")
    assert output.getvalue().decode() == expected


def test_transient_line_is_erased_in_a_terminal() -> None:
    stream = Interactive()
    terminal = Terminal(stream)
    terminal.show_transient("1 of 2")
    terminal.show_transient("2 of 2")
    terminal.print_line("done")
    assert stream.getvalue() == "1 of 2\r\033[2K2 of 2\r\033[2Kdone\n"


def test_file_receives_no_transient_lines() -> None:
    stream = io.StringIO()
    terminal = Terminal(stream)
    terminal.show_transient("1 of 2")
    terminal.step("done")
    assert stream.getvalue().endswith(" s] done\n")
    assert "1 of 2" not in stream.getvalue()


@pytest.mark.parametrize("variable", ["COLUMNS", "FORCE_COLOR", "TERM"])
def test_table_in_a_file_is_plain_text_of_any_width(variable: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(variable, "20")
    stream = io.StringIO()
    Terminal(stream).table(ROWS, "lrl")
    assert stream.getvalue() == (
        "name                 units  note\n"
        "lamp [bold] :smile:      2  \\ud800\n"
        f"shelf                1,000  {'x' * 200}\n"
    )


def test_last_alignment_applies_to_the_remaining_columns() -> None:
    stream = io.StringIO()
    Terminal(stream).table([["a", "bb", "cc"], ["ddd", "e", ""]])
    assert stream.getvalue() == "a    bb  cc\nddd   e\n"


def test_table_is_wrapped_to_the_width_of_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    stream = Interactive()
    Terminal(stream).table(ROWS, "lrl")
    header, *lines = stream.getvalue().splitlines()
    assert header.startswith("\033[1mname")
    assert max(map(len, lines)) <= 40
    assert sum(line.count("x") for line in lines) == 200


@pytest.mark.parametrize("stream", [Interactive(), io.StringIO()])
def test_progress_bar_requires_a_terminal(stream: io.StringIO) -> None:
    with Terminal(stream).progress("products", 2) as advance:
        advance()
        advance()
    assert ("2/2" in stream.getvalue()) == stream.isatty()
    assert stream.isatty() or not stream.getvalue()


def test_no_color_is_respected(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    stream = Interactive()
    with Terminal(stream).progress("products", 1) as advance:
        advance()
    assert "1/1" in stream.getvalue()
    assert "\033[3" not in stream.getvalue()


def test_dumb_terminal_receives_no_transient_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "dumb")
    stream = Interactive()
    terminal = Terminal(stream)
    terminal.show_transient("1 of 2")
    terminal.print_line("done")
    assert stream.getvalue() == "done\n"
