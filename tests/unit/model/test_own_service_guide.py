"""Examples of the guide to custom services."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from lib.model import Api, Metric, Service
from lib.settings import AuthorizationSettings
from lib.stack.args import TapStackArgs

from ...support.builders import a_function, a_route, a_service

GUIDE = Path("docs/guides/own-service.md")


@pytest.fixture(scope="module", name="guide")
def guide_fixture() -> dict[str, Any]:
    """Return the names that the Python blocks of the guide define, except for blocks that need other modules."""
    names: dict[str, Any] = {}
    for block in re.findall(r"```python\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL):
        if "from .routes" not in block and not block.startswith("args_from_config("):
            exec(block, names)  # noqa: S102  # pylint: disable=exec-used  # the documentation of this project
    return names


@pytest.mark.parametrize(("environment", "reserved"), [("dev", -1), ("test", -1), ("staging", 20), ("prod", 20)])
def test_functions_have_their_own_settings(
    guide: dict[str, Any], environment: str, reserved: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    modules = {"resizer": "def resize(request): ...", "api": "def list_images(request): ...", "__init__": ""}
    (tmp_path / "images" / "handler").mkdir(parents=True)
    for name, code in modules.items():
        (tmp_path / "images" / "handler" / f"{name}.py").write_text(code, encoding="utf-8")
    (tmp_path / "images" / "__init__.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    service: Service = guide["SERVICE"]
    args = TapStackArgs(service=service, environment_suffix=environment)
    resizer, api = (args.function_settings(function) for function in service.functions)
    assert (resizer.memory_mb, resizer.architecture, resizer.ephemeral_storage_mb) == (1769, "arm64", 1024)
    assert (api.architecture, api.runtime, resizer.runtime) == ("x86_64", "python3.13", "python3.13")
    assert resizer.reserved_concurrency == reserved
    assert args.settings().alarms.recommended


def test_alarm_watches_a_metric_of_a_function(guide: dict[str, Any]) -> None:
    route = a_route(metrics=(Metric("OrdersTaken", "Count", "Orders taken"),))
    service = a_service(functions=(a_function(route, name="orders"),), alarms=(guide["NO_ORDERS"],))
    assert service.alarms == (guide["NO_ORDERS"],)


def test_workload_has_operations_of_every_kind(guide: dict[str, Any]) -> None:
    workload = guide["WORKLOAD"]
    assert [operation.name for operation in workload.requests] == ["read", "write"]
    assert workload.schedules.keys() | workload.consumers.keys() == {"remove-expired", "index-note"}


def test_http_api_with_public_routes_can_require_signatures_by_default() -> None:
    service = a_service(apis=(Api(name="api", protocol="HTTP"),), functions=(a_function(a_route(authorizer="")),))
    args = TapStackArgs(service=service, environment_suffix="prod", authorization=AuthorizationSettings(type="AWS_IAM"))
    assert args.settings().authorization.type == "AWS_IAM"
