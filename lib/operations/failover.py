"""Failover: deploy a service in a region with replicas of its tables, and point its domain to that region."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from ..client.auth import OPENER, opener_to, static_headers
from ..client.smoke_test import send
from ..console import Terminal
from ..model import Call
from ..services import SERVICES
from . import OperationError
from .aws import AWS_ERRORS, client, region_of
from .dns import Target, update_dns_record
from .pulumi_cli import build_pages
from .pulumi_stack import RegionalStack
from .table_copy import describe_table

READY_STATUSES = ("ACTIVE", "UPDATING")
LATENCY_MINUTES = 10
"""Period for which the maximum replication latency is reported."""
MAX_ATTEMPTS = 10
PAUSE_SECONDS = 3.0
"""Pause between health checks. A new deployment responds after a few seconds."""


def failover(
    service: str, environment: str, region: str, terminal: Terminal, *, health: str = "", dry: bool = False
) -> None:
    """Deploy a service in a region with replicas of its tables and point its domain to that region.

    With the primary region, fail back. `health` is a path that responds to GET; the default is a listing of the
    service. With `dry`, only print the steps. Raise `OperationError` if a step fails.
    """
    if not region:
        raise OperationError("to must be a region with replicas of the tables, e.g. us-west-2, got ''.")
    primary = RegionalStack(service=service, environment=environment, region="", primary_region="")
    outputs = primary.outputs()
    if not outputs:
        raise OperationError(f"Stack {primary.stack} is not deployed. Deploy it with make up.")
    tables = outputs["table_names"].values()
    if not tables:
        raise OperationError(
            f"Stack {primary.stack} must have tables with replicas, got none. Deploy it in {region} as another stack."
        )
    target = replace(primary, region=region, primary_region=region_of(outputs["dynamodb_table_arn"]))
    path = health or default_health_path(service)
    others = [replace(target, region=other) for other in other_replica_regions(tables, target)]
    terminal.step(f"tables ready in {target.region}: {len(tables)}")
    for other in others:
        terminal.print_line(f"  {other.region}: {replication_latency(tables, other.region, target.region)}")
    if dry:
        _print_plan(target, others, path, terminal)
        return
    build_pages(service, terminal)
    for other in others:
        terminal.step(disable_functions(other))
    if target.prepare():
        terminal.step(f"created {target.config_file}: add the config that is specific to {target.region}")
    terminal.step(f"deploying {target.stack}")
    target.deploy()
    deployed = target.outputs()
    terminal.step(wait_until_healthy(deployed, path))
    terminal.step(_update_dns(deployed))
    for name in ("api_url", "site_url"):
        if name in deployed:
            terminal.print_line(f"  {name}: {deployed[name]}")


def _print_plan(target: RegionalStack, others: Iterable[RegionalStack], path: str, terminal: Terminal) -> None:
    terminal.step("dry run: the failover would")
    for other in others:
        terminal.print_line(f"  disable the functions of {other.stack}, if it is deployed")
    for command in target.commands():
        terminal.print_line(f"  run {' '.join(command)}")
    for line in [f"wait until GET {path} succeeds"] if path else []:
        terminal.print_line(f"  {line}")
    terminal.print_line(f"  point the domain, if one is configured, at {target.region}")


def default_health_path(service: str) -> str:
    """Return the path of a listing, which succeeds only if the API, its function and its table work.

    Return an empty string for a service without an API.
    """
    definition = SERVICES.get(service)
    routes = definition.routes_of(definition.api_type) if definition else []
    if service in SERVICES and not routes:
        return ""
    path = next((r.path for r in routes if r.method == "GET" and not r.has_required_parameters()), "")
    if not path:
        raise OperationError(
            f"service must be one of {', '.join(SERVICES)}, which have a default health path, got {service!r}. "
            "Otherwise set health to a path that responds to GET."
        )
    return path


def other_replica_regions(tables: Iterable[str], target: RegionalStack) -> list[str]:
    """Return the replica regions of the tables other than the target region.

    Raise `OperationError` if the target region has no available replica of a table.
    """
    dynamodb, others = client("dynamodb", target.region), set()
    for table in tables:
        description = describe_table(dynamodb, table)
        regions = {replica["RegionName"] for replica in description.get("Replicas", ())} - {target.region}
        if not description or (target.is_standby and not regions):
            raise OperationError(
                f"Table {table} has no replica in {target.region}. Add the region to replica_regions and run make up "
                f"while {target.primary_region} is available."
            )
        if description["TableStatus"] not in READY_STATUSES:
            raise OperationError(
                f"Table {table} in {target.region} must be {' or '.join(READY_STATUSES)}, got "
                f"{description['TableStatus']}. Wait until it is ACTIVE, then run this command again."
            )
        others |= regions
    return sorted(others)


def replication_latency(tables: Iterable[str], source: str, target: str) -> str:
    """Return a message about the replication latency, which CloudWatch reports in the source region."""
    cloudwatch, now = client("cloudwatch", source), datetime.now(UTC)
    query = {"Namespace": "AWS/DynamoDB", "MetricName": "ReplicationLatency", "Period": 60, "Statistics": ["Maximum"]}
    window = {"StartTime": now - timedelta(minutes=LATENCY_MINUTES), "EndTime": now}
    datapoints = []
    try:
        for table in tables:
            dimensions = [{"Name": "TableName", "Value": table}, {"Name": "ReceivingRegion", "Value": target}]
            datapoints += cloudwatch.get_metric_statistics(Dimensions=dimensions, **query, **window)["Datapoints"]
    except AWS_ERRORS as exc:
        return f"replication latency to {target} unknown: {exc}"
    if not datapoints:
        return f"no replication to {target} in the last {LATENCY_MINUTES} minutes"
    maximum_ms = max(datapoint["Maximum"] for datapoint in datapoints)
    return f"maximum replication latency to {target} in the last {LATENCY_MINUTES} minutes: {maximum_ms / 1000:.1f} s"


def disable_functions(other: RegionalStack) -> str:
    """Set the reserved concurrency of every function in another region to 0, and return a message for the user.

    Otherwise both regions could write, and condition expressions do not detect writes in another region. An unavailable
    region does not stop the failover.
    """
    names = other.outputs().get("function_names", {}).values()
    if not names:
        return f"{other.stack} is not deployed in {other.region}"
    functions = client("lambda", other.region)
    try:
        for name in names:
            _disable_function(functions, name)
    except AWS_ERRORS as exc:
        return (
            f"functions in {other.region} are not disabled and can still write: {exc}. "
            "Run this command again when the region is available."
        )
    return f"functions in {other.region} disabled: {len(names)}"


def _disable_function(functions: Any, name: str) -> None:
    # Reserved concurrency cannot be lower than the provisioned concurrency of the aliases.
    for config in functions.list_provisioned_concurrency_configs(FunctionName=name)["ProvisionedConcurrencyConfigs"]:
        qualifier = config["FunctionArn"].rpartition(":")[2]
        functions.delete_provisioned_concurrency_config(FunctionName=name, Qualifier=qualifier)
    functions.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)


def wait_until_healthy(outputs: Mapping[str, Any], path: str) -> str:
    """Call the API until it succeeds, and return a message for the user. Raise `OperationError` after all attempts."""
    call = Call(method="GET", path=path, status=200)
    authorization = static_headers({"x-api-key": outputs["api_key"]} if "api_key" in outputs else {})
    if "api_url" not in outputs:
        return "no health check: the service has no API"
    # The domain still resolves to the other region.
    is_domain = outputs["api_url"] == outputs.get("domain_url")
    opener = opener_to(outputs["domain_target"]) if is_domain else OPENER
    for attempt in range(MAX_ATTEMPTS):
        time.sleep(PAUSE_SECONDS if attempt else 0)
        try:
            status = send(outputs["api_url"], call, authorization, opener).status
        except OSError as exc:
            problem = str(exc)
            continue
        problem = f"returned {status}"
        if status < 400:
            return f"GET {path} returned {status}"
        if status in (401, 403) and attempt == MAX_ATTEMPTS - 1:
            return f"GET {path} returned {status}, because the health check has no credentials; no function was called"
    raise OperationError(
        f"GET {outputs['api_url']}{path} must succeed before DNS changes: {problem}. "
        "Check the deployment, then run this command again."
    )


def _update_dns(outputs: Mapping[str, Any]) -> str:
    if not outputs.get("domain_name"):
        return "no domain configured: callers must use the new URL"
    return update_dns_record(outputs["domain_name"], Target(outputs["domain_target"], outputs["domain_zone_id"]))
