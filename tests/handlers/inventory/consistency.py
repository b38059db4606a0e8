"""What is true of the tables at every moment, whoever writes and whatever fails."""

from __future__ import annotations

from collections import Counter
from typing import Any

from .conftest import CONFIG, Shop

Row = dict[str, Any]
WRITES = ("CREATE", "UPDATE", "DELETE")


def check(shop: Shop) -> None:
    """Raise AssertionError unless every item has its versions, audit, guard and alerts, and nothing has more."""
    rows = shop.rows("items")
    own = {row["itemId"]: row for row in rows if row["itemId"].startswith("tap#") and row["version"] == 0}
    now = {row["itemId"]: row for row in rows if row["version"] == 0 and row["itemId"] not in own}
    versions: dict[str, list[Row]] = {}
    for row in sorted(rows, key=lambda row: int(row["version"])):
        if not row["itemId"].startswith("tap#") and row["version"] > 0:
            versions.setdefault(row["itemId"], []).append(row)
    assert now.keys() == versions.keys()
    for item_id, row in now.items():
        _check_item(row, versions[item_id])
    _check_audit(shop, versions)
    _check_skus(own, now)
    _check_alerts([row for row in rows if row["itemId"].startswith("tap#alert#")], versions)


def _check_item(now: Row, versions: list[Row]) -> None:
    assert [row["version"] for row in versions] == [*range(1, now["latestVersion"] + 1)]
    assert [row["operation"] for row in versions[:-1]] == ["CREATE", *["UPDATE"] * len(versions[1:-1])][
        : len(versions) - 1
    ]
    last = versions[-1]
    if last["operation"] == "DELETE":
        assert now["deleted"]
        assert now.keys().isdisjoint({"listedAt", "listing", "name"})
        return
    about = {"operation", "changedBy", "changes", "version"}
    where = {"latestVersion", "listing", "listedAt", "categoryStatus", "version", "tap#alerted"}
    assert {k: v for k, v in now.items() if k not in where} == {k: v for k, v in last.items() if k not in about}
    assert (now.get("tap#alerted") == 0) == (now["quantity"] <= _threshold(now))
    assert now["listedAt"] == versions[0]["createdAt"]
    assert now["categoryStatus"] == f"{now['status']}#{now['category']}"


def _threshold(row: Row) -> Any:
    return row.get("reorderThreshold", CONFIG["low_stock_threshold"])


def _check_audit(shop: Shop, versions: dict[str, list[Row]]) -> None:
    told = Counter((row["itemId"], row["operation"]) for row in shop.audit(*WRITES))
    assert told == Counter((item_id, row["operation"]) for item_id, made in versions.items() for row in made)
    for row in shop.audit("UPDATE"):
        assert row["newValue"]["version"] == row["oldValue"]["version"] + 1


def _check_skus(own: dict[str, Row], now: dict[str, Row]) -> None:
    guarded = {key.removeprefix("tap#sku#"): row["owner"] for key, row in own.items() if "owner" in row}
    assert guarded == {row["sku"]: item_id for item_id, row in now.items() if "sku" in row}


def _check_alerts(alerts: list[Row], versions: dict[str, list[Row]]) -> None:
    crossings = []
    for item_id, made in versions.items():
        alerted = False
        for row in made:
            above = row["quantity"] - _threshold(row)
            if above <= 0 and not alerted:
                crossings.append((f"tap#alert#{item_id}", row["version"]))
            # Nothing here lasts a quarter of an hour.
            alerted = above <= 0 or (alerted and above <= max(1, _threshold(row) / 10))
    assert sorted((row["itemId"], row["version"]) for row in alerts) == sorted(crossings)
    for row in alerts:
        assert ("listing" in row) != ("tap#expires" in row)
