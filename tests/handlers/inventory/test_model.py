"""The inventory service against a model of it in a few lines: both agree on every sequence of operations."""

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
class Modelled:
    """An item as the model knows it."""

    item_id: str
    versions: list[dict[str, Any]] = field(default_factory=list)
    """The fields at each version, the first first."""
    deleted: bool = False


def exact(fields: dict[str, Any]) -> dict[str, Any]:
    """Fields as they come back."""
    return {n: Decimal(str(v)) if isinstance(v, float) else v for n, v in fields.items() if v is not None}


def with_status(fields: dict[str, Any]) -> dict[str, Any]:
    """Return an item's fields with the status that its quantity implies."""
    if fields.get("status") == "discontinued":
        return fields
    return {**fields, "status": "available" if fields["quantity"] else "out_of_stock"}


class Model(RuleBasedStateMachine):
    """Does the same to the service and to the model."""

    shop: Shop
    items = Bundle("items")

    def __init__(self) -> None:
        super().__init__()
        self.run = uuid.uuid4().hex
        self.model: dict[str, Modelled] = {}

    def _shown(self, item: Modelled, version: int) -> dict[str, Any]:
        return {"itemId": item.item_id, "version": version, **item.versions[version - 1]}

    def _agrees(self, body: dict[str, Any], item: Modelled, version: int | None = None) -> None:
        times = {name: body[name] for name in ("createdAt", "lastUpdated")}
        assert body == {**self._shown(item, version or len(item.versions)), **times}

    def _sku(self, fields: dict[str, Any]) -> dict[str, Any]:
        """Skus of this run, so that runs do not meet."""
        return {**fields, "sku": f"{self.run} {fields['sku']}"} if fields.get("sku") else fields

    def _taken(self, sku: str | None, by: str = "") -> bool:
        there = [i for i in self.model.values() if not i.deleted and i.item_id != by]
        return sku is not None and any(item.versions[-1].get("sku") == sku for item in there)

    @rule(
        target=items, fields=st.fixed_dictionaries({n: VALUES[n] for n in ("name", "quantity", "price")}), more=CHANGES
    )
    def create(self, fields: dict[str, Any], more: dict[str, Any]) -> Any:
        """A new item, unless its sku is taken."""
        body = self._sku({k: v for k, v in {**fields, **more}.items() if v is not None} | {"category": self.run})
        answer = self.shop.api("POST", "/items", body)
        if self._taken(body.get("sku")):
            assert (answer.status, answer.body["code"]) == (409, "CONFLICT")
            assume(False)
        item = Modelled(answer.body["itemId"], [exact(with_status(body))])
        assert (answer.status, answer.headers["ETag"]) == (201, '"1"')
        self._agrees(answer.body, item)
        self.model[item.item_id] = item
        return item

    @rule(item=items, changes=CHANGES, expected=st.sampled_from(["none", "right", "wrong"]), header=st.booleans())
    def change(self, item: Modelled, changes: dict[str, Any], expected: str, header: bool) -> None:
        """A change, guarded or not."""
        changes = self._sku(changes)
        version = len(item.versions) + (expected == "wrong")
        guard = {} if expected == "none" or header else {"expectedVersion": version}
        headers = {"If-Match": f'"{version}"'} if expected != "none" and header else {}
        answer = self.shop.change({"itemId": item.item_id}, headers=headers, **changes, **guard)
        if item.deleted:
            assert answer.status == 404
        elif expected == "wrong":
            assert answer.status == (412 if header else 409)
            assert answer.headers["ETag"] == f'"{len(item.versions)}"'
        elif self._taken(changes.get("sku"), by=item.item_id):
            assert (answer.status, answer.body["code"]) == (409, "CONFLICT")
        else:
            before = item.versions[-1]
            kept = {name: value for name, value in before.items() if name not in changes}
            after = with_status({**kept, **exact(changes)})
            if after != before:
                item.versions.append(after)
            assert (answer.status, answer.headers["ETag"]) == (200, f'"{len(item.versions)}"')
            self._agrees(answer.body, item)

    @rule(item=items)
    def delete(self, item: Modelled) -> None:
        """A deletion, once."""
        answer = self.shop.delete({"itemId": item.item_id})
        assert answer.status == (404 if item.deleted else 200)
        if not item.deleted:
            item.versions.append(copy.deepcopy(item.versions[-1]))
            item.deleted = True
            assert answer.body["version"] == len(item.versions)

    @rule(item=items, data=st.data())
    def read(self, item: Modelled, data: st.DataObject) -> None:
        """Any version, or one that is not there."""
        version = data.draw(st.integers(1, len(item.versions) + 1))
        answer = self.shop.read({"itemId": item.item_id}, version=str(version))
        if item.deleted or version > len(item.versions):
            assert answer.status == 404
        else:
            self._agrees(answer.body, item, version)

    @rule(item=items, size=st.integers(1, 4))
    def history(self, item: Modelled, size: int) -> None:
        """Every version, page after page."""
        found = self.shop.api.paged(HISTORY, "versions", item.item_id, page_size=str(size))
        assert [version["version"] for version in found] == [*range(len(item.versions), 0, -1)]
        for version in found:
            self._agrees(version["item"], item, version["version"])
        operations = [version["operation"] for version in found]
        assert (operations[-1], operations[0] == "DELETE") == ("CREATE", item.deleted)
        for newer, older in pairwise(found):
            if newer["operation"] == "UPDATE":
                self._told(newer["changes"], older["item"], newer["item"])

    def _told(self, changes: dict[str, Any], old: dict[str, Any], new: dict[str, Any]) -> None:
        names = {n for n in {*old, *new} - {"version", "lastUpdated"} if old.get(n) != new.get(n)}
        assert changes.keys() == names
        assert all((c.get("old"), c.get("new")) == (old.get(n), new.get(n)) for n, c in changes.items())

    @rule(status=st.none() | st.sampled_from(STATUSES), size=st.integers(1, 4))
    def listing(self, status: str | None, size: int) -> None:
        """The items of this run, newest first."""
        query = {"category": self.run, "page_size": str(size), **({"status": status} if status else {})}
        present = [item for item in self.model.values() if not item.deleted]
        expected = [item for item in present if status in (None, item.versions[-1]["status"])][::-1]
        found = self.shop.listed(**query)
        assert [item["itemId"] for item in found] == [item.item_id for item in expected]
        for body, item in zip(found, expected, strict=True):
            self._agrees(body, item)

    @invariant()
    def skus(self) -> None:
        """A sku leads to the item that has it, if one has."""
        for sku in (f"{self.run} A", f"{self.run} B"):
            owners = [i.item_id for i in self.model.values() if not i.deleted and i.versions[-1].get("sku") == sku]
            found = self.shop.listed(sku=sku)
            assert [item["itemId"] for item in found] == owners


def test_the_service_agrees_with_the_model(shop: Shop) -> None:
    class OfShop(Model):
        """With a shop."""

    OfShop.shop = shop
    run_state_machine_as_test(
        OfShop,
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
