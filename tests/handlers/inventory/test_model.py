"""Stateful test: random sequences of requests have the same results in the inventory service and in a model of it."""

from __future__ import annotations

import copy
import uuid
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from .conftest import HISTORY, Shop
from .consistency import check

pytestmark = [pytest.mark.slow, pytest.mark.untraced]

STATUSES = ("available", "out_of_stock", "discontinued")
NAMES = st.text(st.characters(codec="utf-8"), min_size=1, max_size=20).filter(str.strip)
PRICES = st.decimals(min_value=0, max_value=10**6, places=2)
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "name": NAMES,
    "quantity": st.integers(0, 10**6),
    "price": PRICES.map(float),
    "status": st.sampled_from(STATUSES),
    "description": st.text(st.characters(codec="utf-8"), max_size=20),
    "reorderThreshold": st.integers(0, 100),
    "sku": st.sampled_from(["A", "B"]),
}
OPTIONAL = ("description", "reorderThreshold", "sku")
CHANGES = st.fixed_dictionaries(
    {}, optional={n: st.none() | v if n in OPTIONAL else v for n, v in VALUES.items()}
).filter(bool)


@dataclass
class ModelItem:
    """An item of the model."""

    item_id: str
    versions: list[dict[str, Any]] = field(default_factory=list)
    """Fields of each version, oldest first."""
    deleted: bool = False


def expected_fields(fields: dict[str, Any]) -> dict[str, Any]:
    """Return the fields of a request as they are in responses."""
    return {n: Decimal(str(v)) if isinstance(v, float) else v for n, v in fields.items() if v is not None}


def with_status(fields: dict[str, Any]) -> dict[str, Any]:
    """Return the fields of an item with the status that depends on its quantity."""
    if fields.get("status") == "discontinued":
        return fields
    return {**fields, "status": "available" if fields["quantity"] else "out_of_stock"}


class Model(RuleBasedStateMachine):
    """Executes the same operations in the service and in the model."""

    shop: Shop
    items = Bundle("items")

    def __init__(self) -> None:
        super().__init__()
        self.run = uuid.uuid4().hex
        self.model: dict[str, ModelItem] = {}

    def _check(self, body: dict[str, Any], item: ModelItem, version: int | None = None) -> None:
        """Compare an item in a response with a version in the model, by default the latest."""
        number = version or len(item.versions)
        times = {name: body[name] for name in ("createdAt", "lastUpdated")}
        assert body == {"itemId": item.item_id, "version": number, **item.versions[number - 1], **times}

    def _with_unique_sku(self, fields: dict[str, Any]) -> dict[str, Any]:
        """Return fields with a SKU that no other run uses."""
        return {**fields, "sku": f"{self.run} {fields['sku']}"} if fields.get("sku") else fields

    def _is_used(self, sku: str | None, except_by: str = "") -> bool:
        others = [item for item in self.model.values() if not item.deleted and item.item_id != except_by]
        return sku is not None and any(item.versions[-1].get("sku") == sku for item in others)

    @rule(
        target=items,
        required=st.fixed_dictionaries({n: VALUES[n] for n in ("name", "quantity", "price")}),
        optional=CHANGES,
    )
    def create(self, required: dict[str, Any], optional: dict[str, Any]) -> Any:
        """Create an item. Check that a used SKU is rejected."""
        fields = {name: value for name, value in {**required, **optional}.items() if value is not None}
        body = self._with_unique_sku(fields | {"category": self.run})
        response = self.shop.api("POST", "/items", body)
        if self._is_used(body.get("sku")):
            assert (response.status, response.body["code"]) == (409, "CONFLICT")
            assume(False)
        item = ModelItem(response.body["itemId"], [expected_fields(with_status(body))])
        assert (response.status, response.headers["ETag"]) == (201, '"1"')
        self._check(response.body, item)
        self.model[item.item_id] = item
        return item

    @rule(item=items, changes=CHANGES, expected=st.sampled_from(["unset", "latest", "other"]), header=st.booleans())
    def change(self, item: ModelItem, changes: dict[str, Any], expected: str, header: bool) -> None:
        """Update an item, with or without an expected version."""
        changes = self._with_unique_sku(changes)
        version = len(item.versions) + (expected == "other")
        precondition = {} if expected == "unset" or header else {"expectedVersion": version}
        headers = {"If-Match": f'"{version}"'} if expected != "unset" and header else {}
        response = self.shop.change({"itemId": item.item_id}, headers=headers, **changes, **precondition)
        if item.deleted:
            assert response.status == 404
        elif expected == "other":
            assert response.status == (412 if header else 409)
            assert response.headers["ETag"] == f'"{len(item.versions)}"'
        elif self._is_used(changes.get("sku"), except_by=item.item_id):
            assert (response.status, response.body["code"]) == (409, "CONFLICT")
        else:
            before = item.versions[-1]
            unchanged = {name: value for name, value in before.items() if name not in changes}
            after = with_status({**unchanged, **expected_fields(changes)})
            if after != before:
                item.versions.append(after)
            assert (response.status, response.headers["ETag"]) == (200, f'"{len(item.versions)}"')
            self._check(response.body, item)

    @rule(item=items)
    def delete(self, item: ModelItem) -> None:
        """Delete an item."""
        response = self.shop.delete({"itemId": item.item_id})
        assert response.status == (404 if item.deleted else 200)
        if not item.deleted:
            item.versions.append(copy.deepcopy(item.versions[-1]))
            item.deleted = True
            assert response.body["version"] == len(item.versions)

    @rule(item=items, data=st.data())
    def read(self, item: ModelItem, data: st.DataObject) -> None:
        """Read an existing version, or the next version, which does not exist."""
        version = data.draw(st.integers(1, len(item.versions) + 1))
        response = self.shop.read({"itemId": item.item_id}, version=str(version))
        if item.deleted or version > len(item.versions):
            assert response.status == 404
        else:
            self._check(response.body, item, version)

    @rule(item=items, size=st.integers(1, 4))
    def history(self, item: ModelItem, size: int) -> None:
        """List the versions of an item."""
        versions = self.shop.api.paged(HISTORY, "versions", item.item_id, page_size=str(size))
        assert [version["version"] for version in versions] == [*range(len(item.versions), 0, -1)]
        for version in versions:
            self._check(version["item"], item, version["version"])
        operations = [version["operation"] for version in versions]
        assert (operations[-1], operations[0] == "DELETE") == ("CREATE", item.deleted)
        for newer, older in pairwise(versions):
            if newer["operation"] == "UPDATE":
                self._check_changes(newer["changes"], older["item"], newer["item"])

    def _check_changes(self, changes: dict[str, Any], old: dict[str, Any], new: dict[str, Any]) -> None:
        names = {n for n in {*old, *new} - {"version", "lastUpdated"} if old.get(n) != new.get(n)}
        assert changes.keys() == names
        assert all((c.get("old"), c.get("new")) == (old.get(n), new.get(n)) for n, c in changes.items())

    @rule(status=st.none() | st.sampled_from(STATUSES), size=st.integers(1, 4))
    def listing(self, status: str | None, size: int) -> None:
        """List the items of this run."""
        query = {"category": self.run, "page_size": str(size), **({"status": status} if status else {})}
        existing = [item for item in self.model.values() if not item.deleted]
        expected = [item for item in existing if status in (None, item.versions[-1]["status"])][::-1]
        listed = self.shop.listed(**query)
        assert [item["itemId"] for item in listed] == [item.item_id for item in expected]
        for body, item in zip(listed, expected, strict=True):
            self._check(body, item)

    @invariant()
    def skus(self) -> None:
        """Check that a listing by SKU returns the item with the SKU."""
        for sku in (f"{self.run} A", f"{self.run} B"):
            owners = [i.item_id for i in self.model.values() if not i.deleted and i.versions[-1].get("sku") == sku]
            assert [item["itemId"] for item in self.shop.listed(sku=sku)] == owners


def test_service_behaves_like_the_model(shop: Shop) -> None:
    class ShopModel(Model):
        """The model with the shop of this test."""

    ShopModel.shop = shop
    run_state_machine_as_test(
        ShopModel,
        settings=settings(
            max_examples=12,
            stateful_step_count=25,
            deadline=None,
            database=None,
            derandomize=True,
            suppress_health_check=[*HealthCheck],
        ),
    )
    check(shop)
