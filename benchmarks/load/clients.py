"""The clients: Locust's, in a process of their own, as it makes the whole of Python's networking cooperative.

Reads an `Order` as JSON, drives, and writes the answers as JSON.
"""

from __future__ import annotations

import itertools
import json
import logging
import random
import sys
import time
import uuid
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

import gevent
from locust import FastHttpUser, task
from locust.contrib.fasthttp import FastResponse
from locust.env import Environment

from lib.client.smoke_test import Answer, filled
from lib.console import Terminal
from lib.documents.openapi import answering
from lib.model import Call, Service
from lib.services import SERVICES

from .journeys import JOURNEYS
from .report import REFUSED, Answers, Found, Order, code_of

LONGEST_PAUSE_SECONDS = 20.0
"""As AWS's SDKs have it."""


class Client(FastHttpUser):
    """Goes through its service's journey without a pause; what is refused it asks again later, as AWS's SDKs do."""

    abstract = True
    service: Service
    headers: Mapping[str, str]
    waits: list[float]

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        self._own = {"client": uuid.uuid4().hex[:12]}

    def on_start(self) -> None:
        for call in JOURNEYS[self.service.name].first:
            self._asked(call, self._own)

    @task
    def goes_round(self) -> None:
        """One round, or less of it if something is wrong with an answer, as the rest builds on it."""
        kept = {**self._own, "round": uuid.uuid4().hex}
        for call in JOURNEYS[self.service.name].rounds:
            answer = self._asked(call, kept)
            if not answer.as_expected:
                gevent.sleep(random.random())  # noqa: S311  # no secret
                return
            kept.update(answer.kept())

    def _asked(self, call: Call, kept: Mapping[str, str]) -> Answer:
        """The answer that is no refusal."""
        wanted, begun = filled(call, kept), time.perf_counter()
        for attempt in itertools.count():
            answer = self._sent(wanted)
            if answer.status != REFUSED:
                break
            gevent.sleep(random.random() * min(2**attempt, LONGEST_PAUSE_SECONDS))  # noqa: S311  # no secret
        self.waits.append((time.perf_counter() - begun) * 1e3)
        return answer

    def _sent(self, call: Call) -> Answer:
        route = answering(self.service, call)
        assert route
        response = self.client.request(
            call.method,
            call.path,
            data=None if call.body is None else json.dumps(call.body),
            headers={**self.headers, **call.headers},
            name=f"{route.method} {route.path}",
        )
        return Answer(call, response.status_code, 0, response.text or "")


class Tally:
    """What was answered so far."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, int, str], list[float]] = defaultdict(list)

    def hear(
        self, name: str, response_time: float, response: FastResponse, exception: BaseException | None, **_: Any
    ) -> None:
        """Count an answer, as Locust tells of it."""
        status = response.status_code
        self._found[name, status, code_of(status, response.text or "", exception)].append(response_time)

    def answers(self) -> list[Answers]:
        """All of them."""
        return [Answers(route=r, status=s, code=c, milliseconds=ms) for (r, s, c), ms in self._found.items()]

    def counted(self) -> str:
        """How many there are, for whoever watches."""
        good = sum(len(answers.milliseconds) for answers in self.answers() if answers.good)
        others = sum(len(answers.milliseconds) for answers in self.answers() if not answers.good)
        return f"{good} 2xx, {others} others"


def drive(order: Order, terminal: Terminal) -> Found:
    """All clients at once, for as long as was ordered."""
    headers = {"Content-Type": "application/json", **order.headers}
    waits: list[float] = []
    about = {"host": order.url, "service": SERVICES[order.service], "headers": headers, "waits": waits}
    environment = Environment(user_classes=[type("OneService", (Client,), about)])
    tally = Tally()
    environment.events.request.add_listener(tally.hear)  # type: ignore[no-untyped-call]  # Locust's own
    runner = environment.create_local_runner()
    runner.start(order.clients, spawn_rate=order.clients)
    for second in range(order.seconds):
        terminal.passing(f"  {second} of {order.seconds} s, {runner.user_count} clients: {tally.counted()}")
        gevent.sleep(1)
    terminal.passing("")
    runner.quit()
    return Found(answers=tally.answers(), waits=waits)


def main() -> int:
    """Carry out the order on standard input, and return the exit code."""
    logging.disable(logging.WARNING)  # it warns of clients that come fast, which is what is wanted
    try:
        found = drive(Order(**json.load(sys.stdin)), Terminal(sys.stderr))
    except KeyboardInterrupt:
        return 130
    sys.stdout.write(found.written())
    return 0


if __name__ == "__main__":
    sys.exit(main())
