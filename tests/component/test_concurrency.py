"""Reserved concurrency of a deployment, which depends on the quota of the account."""

from __future__ import annotations

from typing import Any

import pytest

from lib.components.lookup.previous_state import INVOKE
from lib.program.recorder import Deployment, record
from lib.settings import ApiSettings, FunctionSettings

from ..support.programs import stacked

READ = INVOKE.rpartition(":")[2]


def deployed(quota: Any, **args: Any) -> Deployment:
    """Deploy a service in an account with a quota. An empty mapping is a failed lookup."""
    calls = {READ: {"outputs": {}}, "getServiceQuota": quota}
    return record(stacked(**{"service": "inventory", "environment_suffix": "prod", **args}), calls=calls)


def a_quota(value: float) -> dict[str, Any]:
    return {"id": "lambda/L-B99A9384", "value": value}


def reserved(deployment: Deployment) -> dict[str, int]:
    """Return the reserved concurrency of each function."""
    functions = deployment.inputs("lambda.Function").values()
    return {function["name"]: function["reservedConcurrentExecutions"] for function in functions}


def concurrency_warnings(deployment: Deployment) -> list[str]:
    return [warning for warning in deployment.warnings if "concurrent executions" in warning]


@pytest.mark.parametrize(("quota", "expected"), [(1_000.0, 530), (500.0, 400), (110.0, 10), (109.0, -1), (10.0, -1)])
@pytest.mark.untraced
@pytest.mark.slow
def test_production_reserves_concurrency_within_the_quota(quota: float, expected: int) -> None:
    assert reserved(deployed(a_quota(quota))) == {"inventory-api-lambda-prod": expected}


@pytest.mark.untraced
@pytest.mark.slow
def test_warning_states_the_reduced_reservation() -> None:
    (warning,) = concurrency_warnings(deployed(a_quota(500)))
    assert warning == (
        "inventory reserves 400 instead of 530 concurrent executions, because the account allows 500 in total and "
        "100 must stay unreserved. Request a higher Lambda quota of concurrent executions, or set "
        "lambda_reserved_concurrency."
    )
    (warning,) = concurrency_warnings(deployed(a_quota(10)))
    assert warning.startswith("inventory reserves 0 instead of 530 concurrent executions")
    assert concurrency_warnings(deployed(a_quota(1_000))) == []


@pytest.mark.untraced
def test_quota_of_lambda_is_looked_up() -> None:
    requests = []

    def get_quota(args: Any) -> dict[str, Any]:
        requests.append(args)
        return a_quota(1_000)

    deployed(get_quota)
    assert requests == [{"serviceCode": "lambda", "quotaCode": "L-B99A9384"}]


@pytest.mark.untraced
def test_reservation_of_the_profile_applies_if_the_quota_is_unknown() -> None:
    deployment = deployed({})
    assert reserved(deployment) == {"inventory-api-lambda-prod": 530}
    assert concurrency_warnings(deployment) == []


@pytest.mark.untraced
@pytest.mark.slow
def test_functions_share_the_reservable_concurrency() -> None:
    concurrency = reserved(deployed(a_quota(200), service="stock"))
    assert 0 < sum(concurrency.values()) <= 100
    assert min(concurrency.values()) > 0


def test_preflight_function_is_included_in_the_quota() -> None:
    several = ApiSettings(cors_origin="https://a.example.com,https://b.example.com")
    concurrency = reserved(deployed(a_quota(200), api=several))
    assert sum(concurrency.values()) <= 100
    assert 0 < concurrency["inventory-api-preflight-prod"] < 20


def never_called(_: Any) -> Any:
    raise AssertionError("the quota was looked up")


@pytest.mark.parametrize(
    ("args", "expected"),
    [
        ({"function": FunctionSettings(reserved_concurrency=950)}, 950),
        ({"function": FunctionSettings(reserved_concurrency=-1)}, -1),
        ({"environment_suffix": "dev"}, -1),
    ],
)
@pytest.mark.untraced
@pytest.mark.slow
def test_quota_is_looked_up_only_for_the_reservation_of_the_profile(args: dict[str, Any], expected: int) -> None:
    assert set(reserved(deployed(never_called, **args)).values()) == {expected}
