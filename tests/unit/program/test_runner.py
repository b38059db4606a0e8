"""Event loops of programs."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from pulumi.runtime.settings import SETTINGS

from lib.program.recorder import record_file
from lib.program.runner import event_loop

ROOT = Path(__file__).parents[3]


@pytest.fixture(name="loops")
def loops_fixture(monkeypatch: pytest.MonkeyPatch) -> list[asyncio.AbstractEventLoop]:
    """Collect the event loops that are created."""
    loops: list[asyncio.AbstractEventLoop] = []
    create = asyncio.new_event_loop

    def new_event_loop() -> asyncio.AbstractEventLoop:
        loops.append(create())
        return loops[-1]

    monkeypatch.setattr(asyncio, "new_event_loop", new_event_loop)
    return loops


def test_event_loops_of_all_threads_are_closed(loops: list[asyncio.AbstractEventLoop]) -> None:
    record_file(ROOT / "examples/own_service.py", {})
    assert len(loops) > 1
    assert [loop for loop in loops if not loop.is_closed()] == []


def test_event_loops_are_closed_after_an_error(loops: list[asyncio.AbstractEventLoop]) -> None:
    with pytest.raises(ZeroDivisionError), event_loop() as loop:
        loop.run_until_complete(loop.run_in_executor(None, lambda: 1 / 0))
    assert [loop.is_closed() for loop in loops] == [True, True]


def test_pending_outputs_of_a_failed_program_are_discarded() -> None:
    with event_loop() as loop:
        SETTINGS.outputs.add(loop.create_task(asyncio.sleep(0)))
        loop.run_until_complete(asyncio.sleep(0))
    with event_loop():
        assert not SETTINGS.outputs
