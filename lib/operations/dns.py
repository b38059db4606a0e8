"""The DNS record of a custom domain in Route 53."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from . import OperationError
from .aws import client

POLL_SECONDS, MAX_POLLS = 5, 60
"""Interval and maximum number of requests for the status of a record change."""


class Target(NamedTuple):
    """Regional domain name of an API, and its Route 53 hosted zone, which belongs to API Gateway."""

    name: str
    zone_id: str


def update_dns_record(domain: str, target: Target) -> str:
    """Point the record of a domain at a target, and return a message for the user.

    Do not change a domain without a public hosted zone in this account. Raise `OperationError` for a record with a
    routing policy.
    """
    route53 = client("route53", "us-east-1")
    zone_id = _zone_id(route53, domain)
    if not zone_id:
        return f"{domain} has no public hosted zone in this account. Point its DNS record at {target.name}."
    existing = _existing_records(route53, zone_id, domain)
    if any("SetIdentifier" in record for record in existing):
        raise OperationError(
            f"{domain} has a routing policy in the hosted zone {zone_id}. Change the policy to route to {target.name}."
        )
    records = _target_records(domain, target, existing)
    changes = [{"Action": "UPSERT", "ResourceRecordSet": record} for record in records]
    change = route53.change_resource_record_sets(HostedZoneId=zone_id, ChangeBatch={"Changes": changes})["ChangeInfo"]
    polling = {"Delay": POLL_SECONDS, "MaxAttempts": MAX_POLLS}
    route53.get_waiter("resource_record_sets_changed").wait(Id=change["Id"], WaiterConfig=polling)
    return f"{domain} points at {target.name}"


def _zone_id(route53: Any, domain: str) -> str:
    """Return the ID of the most specific public hosted zone of a domain, or an empty string if there is none."""
    pages = route53.get_paginator("list_hosted_zones").paginate()
    zones = [zone for page in pages for zone in page["HostedZones"] if not zone["Config"].get("PrivateZone")]
    parents = {zone["Name"]: zone["Id"] for zone in zones if f".{domain}.".endswith(f".{zone['Name']}")}
    return str(parents[max(parents, key=len)]).rpartition("/")[2] if parents else ""


def _existing_records(route53: Any, zone_id: str, domain: str) -> list[Mapping[str, Any]]:
    response = route53.list_resource_record_sets(HostedZoneId=zone_id, StartRecordName=domain)
    return [
        record
        for record in response["ResourceRecordSets"]
        if record["Name"] == f"{domain}." and record["Type"] in ("A", "AAAA", "CNAME")
    ]


def _target_records(domain: str, target: Target, existing: list[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return records for the target: a CNAME if one exists, else an alias of type A and of each existing type."""
    by_type = {record["Type"]: record for record in existing}
    if "CNAME" in by_type:
        return [{**by_type["CNAME"], "ResourceRecords": [{"Value": target.name}]}]
    alias = {"HostedZoneId": target.zone_id, "DNSName": target.name, "EvaluateTargetHealth": False}
    return [{"Name": domain, "Type": type_, "AliasTarget": alias} for type_ in sorted({"A", *by_type})]
