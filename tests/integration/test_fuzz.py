"""Whatever the reference allows, and what it does not, is answered as the reference says."""

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

from .conftest import caller, clients

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
KNOWN = {
    "ItemId": "ItemId",
    "CreatedAt": "CreatedAt",
    "itemId": "itemId",
    "product_id": "productId",
    "reservationId": "reservationId",
}
"""The parameter of a path, by what answers call it."""


def things(service: str) -> list[tuple[str, dict[str, Any]]]:
    """What paths may lead to: where it is made, from what."""
    own = f"fuzz-{uuid.uuid4().hex}"
    found: dict[str, list[tuple[str, dict[str, Any]]]] = {
        "items": [("/items", {"name": "Desk"})],
        "inventory": [("/items", {"name": "Desk", "category": "fuzz", "quantity": 1, "price": 1})],
        "stock": [
            ("/inventory", {"product_id": own, "stock_count": 1000}),
            (f"/inventory/{own}/reserve", {"reservationId": own, "quantity": 1}),
        ],
    }
    return found[service]


@pytest.mark.parametrize(("service", "path", "method"), OPERATIONS)
def test_every_answer_is_documented(
    deployed: Callable[[str], dict[str, Any]], service: str, path: str, method: str
) -> None:
    outputs = deployed(service)
    operation = schemathesis.openapi.from_dict(document(SERVICES[service]))[path][method]
    with clients(outputs) as client:
        http = caller(outputs, client)
    known: dict[str, str] = {}
    for where, body in things(service):
        made = http("POST", where, body).body
        known |= {parameter: str(made[name]) for name, parameter in KNOWN.items() if name in made}
    modes = [GenerationMode.POSITIVE, GenerationMode.NEGATIVE]
    cases = st.one_of([operation.as_strategy(generation_mode=mode) for mode in modes])

    @given(case=cases, leads_somewhere=st.booleans())
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize=True,
        suppress_health_check=[*HealthCheck],
    )
    def answered(case: Any, leads_somewhere: bool) -> None:
        if leads_somewhere:
            names = case.path_parameters.keys() & known.keys()
            case.path_parameters.update({name: known[name] for name in names})
        case.call_and_validate(http.url, checks=CHECKS, headers=http.key)

    answered()  # pylint: disable=no-value-for-parameter  # hypothesis gives them
