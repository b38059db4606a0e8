"""The record of a domain in Route 53."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from . import RecoveryError
from .aws import client

POLL_SECONDS, POLLS = 5, 60
"""How often, and how many times, Route 53 is asked whether all of its servers know."""


class Target(NamedTuple):
    """Where a domain should point: a name of API Gateway's, and the zone of Route 53 that is in."""

    name: str
    zone_id: str


def point(domain: str, target: Target) -> str:
    """Point a domain at a target, and what was done; raises `RecoveryError` where Route 53 chooses among records."""
    route53 = client("route53", "us-east-1")
    zone = _zone(route53, domain)
    if not zone:
        return f"no public zone of this account holds {domain}: point it at {target.name} where its DNS is"
    before = _records(route53, zone, domain)
    if any("SetIdentifier" in record for record in before):
        raise RecoveryError(f"{domain} has a routing policy in zone {zone}: shift it there, to {target.name}")
    changes = [{"Action": "UPSERT", "ResourceRecordSet": record} for record in _pointing(domain, target, before)]
    change = route53.change_resource_record_sets(HostedZoneId=zone, ChangeBatch={"Changes": changes})["ChangeInfo"]
    waiting = {"Delay": POLL_SECONDS, "MaxAttempts": POLLS}
    route53.get_waiter("resource_record_sets_changed").wait(Id=change["Id"], WaiterConfig=waiting)
    return f"{domain} points at {target.name}"


def _zone(route53: Any, domain: str) -> str:
    """The public zone whose name is the longest end of a domain's; empty: there is none."""
    pages = route53.get_paginator("list_hosted_zones").paginate()
    zones = [zone for page in pages for zone in page["HostedZones"] if not zone["Config"].get("PrivateZone")]
    holding = {zone["Name"]: zone["Id"] for zone in zones if f".{domain}.".endswith(f".{zone['Name']}")}
    return str(holding[max(holding, key=len)]).rpartition("/")[2] if holding else ""


def _records(route53: Any, zone: str, domain: str) -> list[Mapping[str, Any]]:
    found = route53.list_resource_record_sets(HostedZoneId=zone, StartRecordName=domain)["ResourceRecordSets"]
    return [record for record in found if record["Name"] == f"{domain}." and record["Type"] in ("A", "AAAA", "CNAME")]


def _pointing(domain: str, target: Target, before: list[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The records that there should be, of the types that there are."""
    types = {record["Type"]: record for record in before}
    if "CNAME" in types:
        return [{**types["CNAME"], "ResourceRecords": [{"Value": target.name}]}]
    alias = {"HostedZoneId": target.zone_id, "DNSName": target.name, "EvaluateTargetHealth": False}
    return [{"Name": domain, "Type": type_, "AliasTarget": alias} for type_ in sorted({"A", *types})]
