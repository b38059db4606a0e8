"""Request schemas whose entries are validated one by one."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.builders import NEW_PARCEL, a_service

ARRAY = {"type": "array", "minItems": 1, "items": NEW_PARCEL}
BATCH = {"type": "object", "required": ["parcels"], "properties": {"parcels": ARRAY, "sender": {"type": "string"}}}


def test_the_request_schema_of_a_batch_accepts_any_entry() -> None:
    service = a_service(schemas={"Batch": BATCH, "NewParcel": NEW_PARCEL}, batches={"Batch": "parcels"})
    properties = {"parcels": {"type": "array", "minItems": 1}, "sender": {"type": "string"}}
    assert service.request_schema("Batch") == {**BATCH, "properties": properties}
    assert service.entry_schema("Batch") == NEW_PARCEL
    assert service.request_schema("NewParcel") == NEW_PARCEL
    assert service.schemas["Batch"] == BATCH
    assert service.split().batches == service.batches


@pytest.mark.parametrize(
    ("schemas", "array"),
    [
        ({"Batch": BATCH}, "letters"),
        ({"Batch": BATCH}, "sender"),
        ({}, "parcels"),
        ({"Batch": {"properties": {"parcels": ARRAY}}}, "parcels"),
        ({"Batch": {"type": "object", "properties": {"parcels": {"items": NEW_PARCEL}}}}, "parcels"),
        ({"Batch": {"type": "object", "properties": {"parcels": {"type": "array"}}}}, "parcels"),
    ],
)
def test_a_batch_without_an_array_of_entries_is_rejected(schemas: dict[str, Any], array: str) -> None:
    message = rf"batches\['Batch'\] must be an array with items in the object schema 'Batch', got '{array}'"
    with pytest.raises(ValueError, match=message):
        a_service(schemas=schemas, batches={"Batch": array})
