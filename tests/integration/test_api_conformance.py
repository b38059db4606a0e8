"""Responses to valid and invalid requests conform to the OpenAPI document of the API."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from lib.documents.openapi import document
from lib.services import SERVICES

from .conftest import authorized_http, clients

pytestmark = pytest.mark.untraced

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
EXAMPLES = 12
OPERATIONS = [
    (name, path, method.upper())
    for name, service in SERVICES.items()
    for path, methods in document(service)["paths"].items()
    for method in methods
]
PATH_PARAMETERS = {
    "ItemId": "ItemId",
    "CreatedAt": "CreatedAt",
    "itemId": "itemId",
    "product_id": "productId",
    "reservationId": "reservationId",
}
"""Path parameters, by the names of the same values in responses."""


def resources(service: str) -> list[tuple[str, dict[str, Any]]]:
    """Return the paths and bodies of requests that create resources, so that paths can identify them."""
    unique_id = f"fuzz-{uuid.uuid4().hex}"
    requests: dict[str, list[tuple[str, dict[str, Any]]]] = {
        "items": [("/items", {"name": "Desk"})],
        "inventory": [("/items", {"name": "Desk", "category": "fuzz", "quantity": 1, "price": 1})],
        "stock": [
            ("/inventory", {"product_id": unique_id, "stock_count": 1000}),
            (f"/inventory/{unique_id}/reserve", {"reservationId": unique_id, "quantity": 1}),
        ],
    }
    return requests[service]


@pytest.mark.parametrize(("service", "path", "method"), OPERATIONS)
def test_responses_conform_to_the_openapi_document(
    deployed: Callable[[str], dict[str, Any]], service: str, path: str, method: str
) -> None:
    outputs = deployed(service)
    operation = schemathesis.openapi.from_dict(document(SERVICES[service]))[path][method]
    with clients(outputs) as client:
        http = authorized_http(outputs, client)
    existing: dict[str, str] = {}
    for resource_path, body in resources(service):
        resource = http("POST", resource_path, body).body
        existing |= {parameter: str(resource[name]) for name, parameter in PATH_PARAMETERS.items() if name in resource}
    modes = [GenerationMode.POSITIVE, GenerationMode.NEGATIVE]
    cases = st.one_of([operation.as_strategy(generation_mode=mode) for mode in modes])

    @given(case=cases, uses_existing=st.booleans())
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize=True,
        suppress_health_check=[*HealthCheck],
    )
    def validate(case: Any, uses_existing: bool) -> None:
        if uses_existing:
            names = case.path_parameters.keys() & existing.keys()
            case.path_parameters.update({name: existing[name] for name in names})
        case.call_and_validate(http.url, checks=CHECKS, headers=http.key)

    validate()  # pylint: disable=no-value-for-parameter  # Hypothesis passes the arguments.
