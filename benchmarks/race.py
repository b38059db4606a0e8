"""Contenders take turns at the same tasks in one run; what counts is the processor time of each one's process."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from statistics import median
from typing import NamedTuple

from .contenders import FLOOR, Contender, Worker, worker
from .events import Answer, Event

COLD_ROUNDS = 9
WARM_ROUNDS = 7
WARM_UP = 100
BATCH = 300
METHOD = (
    f"cold: import to first answer, {COLD_ROUNDS} fresh processes each; "
    f"warm: {WARM_ROUNDS} batches of {BATCH} requests each; all interleaved\n"
    "over plain HTTP, as the emulator speaks it: what TLS takes comes on top for everyone"
)


class Task(NamedTuple):
    """Requests that are made in turn."""

    events: Sequence[Event]
    faults: Callable[[Event, Answer], list[str]]
    """What is wrong with the answer to one."""


Times = dict[str, float]
"""Seconds a request, by contender."""


class Race:
    """Everyone's tasks; `prepare` asks a contender for what its own need."""

    def __init__(
        self,
        everyone: Sequence[Contender],
        environment: Mapping[str, str],
        prepare: Callable[[Worker], Mapping[str, Task]],
    ) -> None:
        self._everyone = everyone
        self._environment = environment
        self._tasks: dict[str, Mapping[str, Task]] = {}
        for contender in everyone:
            with worker(contender, environment) as process:
                self._tasks[contender.name] = prepare(process)

    def warm(self, what: str) -> Times:
        """Of one task: the workers stay, and take turns batch by batch."""
        with ExitStack() as stack:
            workers = {c.name: stack.enter_context(worker(c, self._environment)) for c in self._everyone}
            for name, process in workers.items():
                self._serve(name, what, process, WARM_UP)
            seconds: dict[str, list[float]] = {name: [] for name in workers}
            for _ in range(WARM_ROUNDS):
                for name, process in workers.items():
                    seconds[name].append(self._serve(name, what, process, BATCH) / BATCH)
        return {name: median(found) for name, found in seconds.items()}

    def cold(self, what: str) -> Times:
        """Of one task, including the import."""
        seconds: dict[str, list[float]] = {contender.name: [] for contender in self._everyone}
        for number in range(COLD_ROUNDS):
            for contender in self._everyone:
                with worker(contender, self._environment) as process:
                    seconds[contender.name].append(self._serve(contender.name, what, process, 1, number))
        return {name: median(found) for name, found in seconds.items()}

    def _serve(self, name: str, what: str, process: Worker, count: int, first: int = 0) -> float:
        """The seconds of `count` of a task's requests, the last of which was answered rightly."""
        task = self._tasks[name][what]
        events = [task.events[(first + number) % len(task.events)] for number in range(min(count, len(task.events)))]
        reply = process.serve(*events, count=count)
        last = events[(count - 1) % len(events)]
        if faults := task.faults(last, reply.answer):
            raise RuntimeError(f"{name} answers {what} wrongly ({', '.join(faults)}): {reply.answer}")
        return reply.seconds


def compared(times: Mapping[str, Times], unit: str) -> list[list[str]]:
    """A row for each contender: what it takes, in `ms` or `us`, and how many times the floor's."""
    scale = {"ms": 1e3, "us": 1e6}[unit]
    head = [cell for what in times for cell in (f"{what} {unit}", "x floor")]
    names = next(iter(times.values()))
    rows = [
        [cell for found in times.values() for cell in (f"{found[n] * scale:.0f}", f"{found[n] / found[FLOOR]:.2f}")]
        for n in names
    ]
    return [["", *head], *([name, *row] for name, row in zip(names, rows, strict=True))]
