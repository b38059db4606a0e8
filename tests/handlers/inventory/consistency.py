"""Invariants of the tables, which concurrent writes and failures must not violate."""

from __future__ import annotations

from collections import Counter
from typing import Any

from .conftest import CONFIG, Shop

Row = dict[str, Any]
WRITES = ("CREATE", "UPDATE", "DELETE")


def check(shop: Shop) -> None:
    """Check that the versions, audit records, SKUs and alerts in the tables are exactly those of the items."""
    rows = shop.rows("items")
    internal = {row["itemId"]: row for row in rows if row["itemId"].startswith("tap#") and row["version"] == 0}
    current = {row["itemId"]: row for row in rows if row["version"] == 0 and row["itemId"] not in internal}
    versions: dict[str, list[Row]] = {}
    for row in sorted(rows, key=lambda row: int(row["version"])):
        if not row["itemId"].startswith("tap#") and row["version"] > 0:
            versions.setdefault(row["itemId"], []).append(row)
    assert current.keys() == versions.keys()
    for item_id, row in current.items():
        _check_item(row, versions[item_id])
    _check_audit(shop, versions)
    _check_skus(internal, current)
    _check_alerts([row for row in rows if row["itemId"].startswith("tap#alert#")], versions)


def _check_item(current: Row, versions: list[Row]) -> None:
    assert [row["version"] for row in versions] == [*range(1, current["latestVersion"] + 1)]
    assert [row["operation"] for row in versions[:-1]] == ["CREATE", *["UPDATE"] * len(versions[1:-1])][
        : len(versions) - 1
    ]
    latest = versions[-1]
    if latest["operation"] == "DELETE":
        assert current["deleted"]
        assert current.keys().isdisjoint({"listedAt", "listing", "name"})
        return
    only_version = {"operation", "changedBy", "changes", "version"}
    only_current = {"latestVersion", "listing", "listedAt", "categoryStatus", "version", "tap#alerted"}
    fields = {name: value for name, value in current.items() if name not in only_current}
    assert fields == {name: value for name, value in latest.items() if name not in only_version}
    assert (current.get("tap#alerted") == 0) == (current["quantity"] <= _threshold(current))
    assert current["listedAt"] == versions[0]["createdAt"]
    assert current["categoryStatus"] == f"{current['status']}#{current['category']}"


def _threshold(row: Row) -> Any:
    return row.get("reorderThreshold", CONFIG["low_stock_threshold"])


def _check_audit(shop: Shop, versions: dict[str, list[Row]]) -> None:
    audited = Counter((row["itemId"], row["operation"]) for row in shop.audit(*WRITES))
    assert audited == Counter((item_id, row["operation"]) for item_id, rows in versions.items() for row in rows)
    for row in shop.audit("UPDATE"):
        assert row["newValue"]["version"] == row["oldValue"]["version"] + 1


def _check_skus(internal: dict[str, Row], current: dict[str, Row]) -> None:
    owners = {key.removeprefix("tap#sku#"): row["owner"] for key, row in internal.items() if "owner" in row}
    assert owners == {row["sku"]: item_id for item_id, row in current.items() if "sku" in row}


def _check_alerts(alerts: list[Row], versions: dict[str, list[Row]]) -> None:
    crossings = []
    for item_id, rows in versions.items():
        alerted = False
        for row in rows:
            excess = row["quantity"] - _threshold(row)
            if excess <= 0 and not alerted:
                crossings.append((f"tap#alert#{item_id}", row["version"]))
            # Tests with this check end before any item can raise another alert.
            alerted = excess <= 0 or (alerted and excess <= max(1, _threshold(row) / 10))
    assert sorted((row["itemId"], row["version"]) for row in alerts) == sorted(crossings)
    for row in alerts:
        assert ("listing" in row) != ("tap#expires" in row)
