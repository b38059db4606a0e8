"""Measure round trips, request units, and processor times of requests, and compare them with `workload.py`."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from statistics import median
from typing import Any, NamedTuple

from lib.local.emulator import Emulator
from lib.model import Function, Operation, Service
from lib.services import load

from .candidates import BOTOCORE, LIBRARY, Code, Reply, library, peer, start_worker
from .capacity_units import Bill, bill, item_size
from .deployment import Session, open_session, single_function
from .events import Event, Response, headers_of
from .recorder import Call, operations, round_trips
from .tables import Target, section

COLD_ROUNDS = 9
WARM_ROUNDS = 7
WARM_UP = 100
BATCH = 300
METHOD = (
    f"cold: from import to first response, in {COLD_ROUNDS} new processes; "
    f"warm: {WARM_ROUNDS} batches of {BATCH} requests; candidates interleaved\n"
    "over HTTP without TLS, which the emulator does not support; TLS would add the same time to all candidates"
)
PEER_LIMIT, BOTOCORE_LIMIT = 0.6, 1.0
"""Maximum ratio of the processor time of this library to that of a peer."""
HEADERS = {
    "content-type",
    "cache-control",
    "access-control-allow-origin",
    "access-control-expose-headers",
    "x-request-id",
    "location",
}
"""Headers that all candidates must return if this library returns them."""

Request = Callable[[Session], Event]
"""Function that creates the items that a request requires, and returns the request."""
Requests = Callable[[Session, int], Sequence[Event]]
"""Function that creates the items that requests require, and returns the specified number of requests."""
Times = dict[str, float]
"""Seconds per request by candidate."""


@dataclass(frozen=True, kw_only=True)
class Measurement:
    """Measured requests of a service."""

    service: Service
    prepare: Callable[[Session], object]
    """Function that creates listed items, and sends a list request, which creates the signing key of page tokens."""
    requests: Mapping[str, Request]
    """Requests whose calls are recorded, by name."""
    round_trips: Mapping[str, int] = field(default_factory=dict)
    """Maximum number of round trips by name of the request."""
    timed: Mapping[str, Requests] = field(default_factory=dict)
    """Requests whose processor time is measured, by name."""
    cold: Sequence[str] = ()
    """Names of timed requests that are also measured as the first request of a process."""
    peers: Mapping[str, str] = field(default_factory=dict)
    """Files in `peers/` that implement the timed requests, by name of the peer."""


class Recording(NamedTuple):
    """Recorded calls and request units of one request."""

    calls: Sequence[Call]
    bill: Bill


def repeat(request: Request) -> Requests:
    """Return the same request a number of times."""
    return lambda session, count: [request(session)] * count


def units(*measurements: Measurement) -> str:
    """Return the report of calls and request units. All measurements are of variants of one service."""
    service = measurements[0].service
    recordings: dict[str, Recording] = {}
    sizes = []
    for measurement in measurements:
        with Emulator() as emulator, open_session(emulator, measurement.service) as session:
            measurement.prepare(session)
            recordings |= {name: _record(session, request) for name, request in measurement.requests.items()}
            sizes += [item_size(item) for items in session.deployment.snapshot().values() for item in items.values()]
    targets = [
        Target(label=f"round trips of {name}", limit=limit, measured=round_trips(recordings[name].calls))
        for measurement in measurements
        for name, limit in measurement.round_trips.items()
    ]
    title = (
        f"{service.name}, units: calls of a warm worker to AWS, and request units by the published rules of DynamoDB;\n"
        f"concurrent calls are one round trip; the largest item has {max(sizes)} bytes"
    )
    targets += _differences(service, recordings)
    return section(title, _call_table(recordings), _unit_table(service, recordings), targets=targets)


def handlers(measurement: Measurement) -> str:
    """Return the report of processor times."""
    service = measurement.service
    cold: dict[str, Times] = {}
    warm: dict[str, Times] = {}
    with Emulator() as emulator, open_session(emulator, service) as session:
        measurement.prepare(session)
        for name, requests in measurement.timed.items():
            if name in measurement.cold:
                cold[f"cold {name}"] = _time_cold(measurement, session, requests)
            warm[name] = _time_warm(measurement, session, requests)
    title = f"{service.name}, handlers: median processor times of the worker process\n{METHOD}"
    tables = [_time_table(cold, "ms"), _time_table(warm, "us"), _workload_table(service, cold, warm)]
    return section(title, *tables, targets=_time_targets({**cold, **warm}))


def _record(session: Session, request: Request) -> Recording:
    event = request(session)
    before = session.deployment.snapshot()
    session.calls.clear()
    session.worker.send(event)
    calls = [*session.calls]
    return Recording(calls, bill(calls, session.deployment.tables, before, session.deployment.snapshot()))


def _time_warm(measurement: Measurement, session: Session, requests: Requests) -> Times:
    """Return the warm times. Each candidate has one worker; their batches are interleaved."""
    codes = _candidates(measurement, single_function(measurement.service).functions[0])
    seconds: dict[str, list[float]] = {name: [] for name in codes}
    with ExitStack() as stack:
        start = {name: start_worker(code, session.deployment.environment) for name, code in codes.items()}
        workers = {name: stack.enter_context(worker) for name, worker in start.items()}
        for worker in workers.values():
            worker.handle(*requests(session, WARM_UP))
        for _ in range(WARM_ROUNDS):
            replies = {name: worker.handle(*requests(session, BATCH)) for name, worker in workers.items()}
            _collect(seconds, replies, BATCH)
    return {name: median(times) for name, times in seconds.items()}


def _time_cold(measurement: Measurement, session: Session, requests: Requests) -> Times:
    """Return the cold times. Each request starts a process with the code of the function that handles it in AWS."""
    codes = _candidates(measurement, _function(measurement.service, requests(session, 1)[0]))
    seconds: dict[str, list[float]] = {name: [] for name in codes}
    for _ in range(COLD_ROUNDS):
        replies = {}
        for name, code in codes.items():
            events = requests(session, 1)
            with start_worker(code, session.deployment.environment) as worker:
                replies[name] = worker.handle(*events)
        _collect(seconds, replies, 1)
    return {name: median(times) for name, times in seconds.items()}


def _collect(seconds: Mapping[str, list[float]], replies: Mapping[str, Reply], count: int) -> None:
    """Add the times per request. Raise `RuntimeError` if the candidates returned different responses."""
    expected = _outline(replies[LIBRARY].response)
    if expected["status"] >= 300:
        raise RuntimeError(f"Status of {LIBRARY} must be less than 300, got {replies[LIBRARY].response}.")
    for name, reply in replies.items():
        if (outline := _outline(reply.response)) != expected:
            raise RuntimeError(f"Response of {name} must be {expected}, as of {LIBRARY}, got {outline}.")
        seconds[name].append(reply.seconds / count)


def _outline(response: Response) -> dict[str, Any]:
    """Return the parts of a response that must be equal for all candidates: status, header names, and body types."""
    body = json.loads(response["body"] or "null")
    return {
        "status": response["statusCode"],
        "headers": sorted(HEADERS & headers_of(response).keys()),
        "body": _types(body),
    }


def _types(value: Any) -> Any:
    """Return a JSON value whose strings and numbers are replaced by their types."""
    match value:
        case dict():
            return {name: _types(inner) for name, inner in value.items()}
        case list():
            return [_types(inner) for inner in value]
        case bool() | None:
            return value
        case str():
            return "string"
    return "number"


def _candidates(measurement: Measurement, function: Function) -> dict[str, Code]:
    peers = {name: peer(file) for name, file in measurement.peers.items()}
    return {LIBRARY: library(measurement.service, function), **peers}


def _function(service: Service, event: Event) -> Function:
    """Return the function that handles a request."""
    key = (event["httpMethod"], event["resource"])
    return next(
        function for function in service.functions if key in [(route.method, route.path) for route in function.routes]
    )


def _call_table(recordings: Mapping[str, Recording]) -> list[list[str]]:
    rows = [
        [name, str(len(calls)), str(round_trips(calls)), operations(calls)] for name, (calls, _) in recordings.items()
    ]
    return [["", "calls", "round trips", "operations"], *rows]


def _unit_table(service: Service, recordings: Mapping[str, Recording]) -> list[list[str]]:
    """Return the units by table and index. The units of indexes with the same name are added up."""
    names = [name for table in service.tables for name in (table.name, *(index.name for index in table.indexes))]
    written = [
        name for name in dict.fromkeys(names) if any(recording.bill.writes[name] for recording in recordings.values())
    ]
    rows = [
        [name, f"{reads:g}", str(writes.total()), *(str(writes[key] or "-") for key in written)]
        for name, (_, (reads, writes)) in recordings.items()
    ]
    return [["", "read", "written", *written], *rows]


def _time_table(times: Mapping[str, Times], unit: str) -> list[list[str]]:
    """Return a row for each candidate: times in `ms` or `us`, and ratios to bare botocore if it was measured."""
    scale = {"ms": 1e3, "us": 1e6}[unit]
    candidates = next(iter(times.values()))
    has_ratio = BOTOCORE in candidates
    head = [cell for name in times for cell in (f"{name} {unit}", "ratio")[: 1 + has_ratio]]
    rows = [
        [name, *(cell for seconds in times.values() for cell in _time_cells(seconds, name, scale, has_ratio=has_ratio))]
        for name in candidates
    ]
    return [["", *head], *rows]


def _time_cells(times: Times, name: str, scale: float, *, has_ratio: bool) -> Iterator[str]:
    yield f"{times[name] * scale:.0f}"
    if has_ratio:
        yield f"{times[name] / times[BOTOCORE]:.2f}"


def _time_targets(times: Mapping[str, Times]) -> list[Target]:
    return [
        Target(
            label=f"{name}, ratio to {candidate}",
            limit=BOTOCORE_LIMIT if candidate == BOTOCORE else PEER_LIMIT,
            measured=candidates[LIBRARY] / seconds,
        )
        for name, candidates in times.items()
        for candidate, seconds in candidates.items()
        if candidate != LIBRARY
    ]


def _workload(service: Service) -> dict[str, Operation]:
    """Return the operations of a service's `workload.py` by name."""
    workload = load(service.name).workload
    return {operation.name: operation for operation in workload.requests} if workload else {}


def _differences(service: Service, recordings: Mapping[str, Recording]) -> list[Target]:
    """Return targets that compare recorded units and round trips with `workload.py`."""
    targets = []
    for name, operation in _workload(service).items():
        (reads, writes), calls = recordings[name].bill, recordings[name].calls
        difference = (
            abs(reads - operation.read_units)
            + abs(writes.total() - operation.write_units)
            + abs(max(writes.values(), default=0) - operation.table_write_units)
        )
        trips = abs(round_trips(calls) - len(operation.round_trips))
        targets.append(Target(label=f"units of {name} that differ from workload.py", limit=0, measured=difference))
        targets.append(Target(label=f"round trips of {name} that differ from workload.py", limit=0, measured=trips))
    return targets


def _workload_table(service: Service, cold: Mapping[str, Times], warm: Mapping[str, Times]) -> list[list[str]]:
    """Return measured processor times of this library next to those of `workload.py`."""
    rows = [["this library, ms", "warm", "workload.py", "cold", "workload.py"]]
    for name, operation in _workload(service).items():
        if name in warm:
            first = f"{cold[f'cold {name}'][LIBRARY] * 1e3:.0f}" if f"cold {name}" in cold else "-"
            current = f"{warm[name][LIBRARY] * 1e3:.2f}"
            rows.append([name, current, f"{operation.processor_ms:.2f}", first, f"{operation.cold_processor_ms:.0f}"])
    return rows
