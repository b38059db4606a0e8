"""Messages about the arguments of a stack."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from lib.model import Service, Site
from lib.settings import AlarmSettings, ApiSettings, AuthorizationSettings, FunctionSettings
from lib.stack import diagnostics
from lib.stack.args import TapStackArgs
from lib.stack.diagnostics import Message

from ...support.builders import a_function, a_queue, a_queue_consumer, a_service

PAGES = Path("tests/support/pages")
QUIET: dict[str, Any] = {
    "service": a_service(site=Site(type="site", folder=PAGES)),
    "alarms": AlarmSettings(notification_email="ops@example.com"),
    "function": FunctionSettings(runtime="python3.13"),
}
"""Arguments without messages."""


def messages(**changes: Any) -> list[Message]:
    return diagnostics.messages(TapStackArgs(**{**QUIET, **changes}))


def service_with_concurrency(maximum: int) -> Service:
    """Return a service with a function that consumes two queues, each with a maximum concurrency."""
    names = ("orders", "returns")
    worker = a_function(
        name="worker",
        consumers=tuple(a_queue_consumer(name=name, queue=name, max_concurrency=maximum) for name in names),
    )
    queues = tuple(a_queue(name=name, variable=f"{name.upper()}_QUEUE") for name in names)
    return a_service(queues=queues, functions=(worker,), site=QUIET["service"].site)


@pytest.mark.parametrize(("maximum", "reserved"), [(2, 4), (2, None), (2, -1)])
def test_sufficient_concurrency_for_queue_consumers_has_no_message(maximum: int, reserved: int | None) -> None:
    settings = FunctionSettings(runtime="python3.13", reserved_concurrency=reserved)
    assert messages(service=service_with_concurrency(maximum), function=settings) == []


def test_complete_arguments_have_no_messages() -> None:
    assert messages() == []


@pytest.mark.parametrize(
    ("changes", "severity", "excerpt"),
    [
        ({"environment_suffix": "pr-7"}, "info", "'pr-7' names no environment profile, so the settings of dev apply"),
        ({"function": FunctionSettings(runtime="python3.9")}, "warning", "python3.9, which AWS deprecated on 2025-12"),
        ({"alarms": AlarmSettings()}, "info", "Set notification_email"),
        (
            {
                "service": service_with_concurrency(3),
                "function": FunctionSettings(runtime="python3.13", reserved_concurrency=4),
            },
            "warning",
            "The queue consumers of worker have a max_concurrency of 6 in total, and the function has a reserved "
            "concurrency of 4.",
        ),
        ({"service": a_service(), "environment_suffix": "prod"}, "info", "No CORS origin is allowed"),
        ({"authorization": AuthorizationSettings(type="AWS_IAM")}, "warning", "cannot sign requests"),
        ({"service": a_service(site=Site(type="site", folder=PAGES / "missing"))}, "warning", "has no site"),
    ],
)
def test_message_states_severity_and_remedy(changes: dict[str, Any], severity: str, excerpt: str) -> None:
    (message,) = messages(**changes)
    assert message.severity == severity
    assert excerpt in message.text


def test_messages_keep_their_order() -> None:
    service = a_service(site=Site(type="site", folder=PAGES / "missing"))
    logged = messages(
        service=service, environment_suffix="pr-7", alarms=AlarmSettings(), api=ApiSettings(cors_origin="")
    )
    assert [message.severity for message in logged] == ["info", "info", "info", "warning"]
