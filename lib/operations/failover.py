"""Failover: a service deployed in a region with replicas of its tables, and its domain pointed there."""

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
from . import RecoveryError
from .aws import REFUSALS, client, region_of
from .dns import Target, point
from .pulumi_cli import build_pages
from .pulumi_stack import Deployment
from .table_copy import description

WORKING = ("ACTIVE", "UPDATING")
LAG_MINUTES = 10
"""How far back it is looked how far replicas were behind."""
ATTEMPTS = 10
PAUSE_SECONDS = 3.0
"""Between two of them: what was just deployed answers after a while."""


def failover(
    service: str, environment: str, region: str, terminal: Terminal, *, health: str = "", dry: bool = False
) -> None:
    """Deploy a service in a region with replicas of its tables and point its domain there; back home, too.

    `health` is a path that responds to GET, by default a listing of the service. With `dry`, only report the steps.
    Raise `RecoveryError` at the first step that fails.
    """
    if not region:
        raise RecoveryError("to must be a region with replicas of the tables, e.g. us-west-2, got ''.")
    here = Deployment(service=service, environment=environment, region="", home="")
    home = here.outputs()
    if not home:
        raise RecoveryError(f"stack {here.stack} is not deployed: make up does that")
    target = replace(here, region=region, home=region_of(home["dynamodb_table_arn"]))
    path = health or listing(service)
    others = [replace(target, region=name) for name in replicated(home["table_names"].values(), target)]
    terminal.step(f"{len(home['table_names'])} tables are ready in {target.region}")
    for other in others:
        terminal.say(f"  {other.region}: {lag(home['table_names'].values(), other.region, target.region)}")
    if dry:
        _propose(target, others, path, terminal)
        return
    build_pages(service, terminal)
    for other in others:
        terminal.step(stop(other))
    if target.prepare():
        terminal.step(f"{target.config_file} is made: keep what is particular to {target.region} in it")
    terminal.step(f"deploying {target.stack}")
    target.deploy()
    found = target.outputs()
    terminal.step(healthy(found, path))
    terminal.step(_switch(found))
    for name in ("api_url", "site_url"):
        if name in found:
            terminal.say(f"  {name}: {found[name]}")


def _propose(target: Deployment, others: Iterable[Deployment], path: str, terminal: Terminal) -> None:
    terminal.step("nothing is done; what would be:")
    for other in others:
        terminal.say(f"  let no function of {other.stack} run, if it is deployed")
    for command in target.commands():
        terminal.say(f"  {' '.join(command)}")
    terminal.say(f"  wait until GET {path} is answered, then point the domain, if there is one, at {target.region}")


def listing(service: str) -> str:
    """A path that shows that a service and its tables answer."""
    routes = SERVICES[service].routes() if service in SERVICES else []
    found = next((r.path for _, r in routes if r.method == "GET" and not r.path_parameters()), "")
    if not found:
        raise RecoveryError(
            f"service {service!r} is none of {', '.join(SERVICES)}: set the health path, which must respond to GET"
        )
    return found


def replicated(tables: Iterable[str], target: Deployment) -> list[str]:
    """The other regions of the tables; raises `RecoveryError` for a table that is not ready in the target's."""
    dynamodb, others = client("dynamodb", target.region), set()
    for table in tables:
        found = description(dynamodb, table)
        regions = {replica["RegionName"] for replica in found.get("Replicas", ())} - {target.region}
        if not found or (target.standby and not regions):
            wanted = f"set replica_regions to {target.region} and run make up, while {target.home} answers"
            raise RecoveryError(f"{table} has no replica in {target.region}: {wanted}")
        if found["TableStatus"] not in WORKING:
            raise RecoveryError(f"{table} in {target.region} is {found['TableStatus']}, not ACTIVE")
        others |= regions
    return sorted(others)


def lag(tables: Iterable[str], source: str, target: str) -> str:
    """How far the tables of one region were behind another's, as CloudWatch has it there."""
    cloudwatch, now = client("cloudwatch", source), datetime.now(UTC)
    query = {"Namespace": "AWS/DynamoDB", "MetricName": "ReplicationLatency", "Period": 60, "Statistics": ["Maximum"]}
    window = {"StartTime": now - timedelta(minutes=LAG_MINUTES), "EndTime": now}
    points = []
    try:
        for table in tables:
            dimensions = [{"Name": "TableName", "Value": table}, {"Name": "ReceivingRegion", "Value": target}]
            points += cloudwatch.get_metric_statistics(Dimensions=dimensions, **query, **window)["Datapoints"]
    except REFUSALS as exc:
        return f"it is not known how far {target} is behind: {exc}"
    if not points:
        return f"nothing was replicated in the last {LAG_MINUTES} minutes"
    worst = max(one["Maximum"] for one in points)
    return f"{target} was {worst / 1000:.1f} s behind at most, in the last {LAG_MINUTES} minutes"


def stop(other: Deployment) -> str:
    """Let no function of another region run, and what became of that: two regions that write at once undo each
    other's conditions."""
    names = other.outputs().get("function_names", {}).values()
    if not names:
        return f"nothing is deployed in {other.region}"
    functions = client("lambda", other.region)
    try:
        for name in names:
            _stop(functions, name)
    except REFUSALS as exc:
        return f"{other.region} is not stopped and may write: {exc}: when it answers, run this again"
    return f"{other.region} is stopped: {len(names)} functions run no more"


def _stop(functions: Any, name: str) -> None:
    # A function keeps no less than what is provisioned for its aliases.
    for config in functions.list_provisioned_concurrency_configs(FunctionName=name)["ProvisionedConcurrencyConfigs"]:
        qualifier = config["FunctionArn"].rpartition(":")[2]
        functions.delete_provisioned_concurrency_config(FunctionName=name, Qualifier=qualifier)
    functions.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)


def healthy(outputs: Mapping[str, Any], path: str) -> str:
    """Wait until the API answers, and what it answered; raises `RecoveryError` if it does not."""
    call = Call(method="GET", path=path, status=200)
    by = static_headers({"x-api-key": outputs["api_key"]} if "api_key" in outputs else {})
    # The domain still points to the other region.
    is_domain = outputs["api_url"] == outputs.get("domain_url")
    opener = opener_to(outputs["domain_target"]) if is_domain else OPENER
    for attempt in range(ATTEMPTS):
        time.sleep(PAUSE_SECONDS if attempt else 0)
        try:
            status = send(outputs["api_url"], call, by, opener).status
        except OSError as exc:
            said = str(exc)
            continue
        said = f"it answers {status}"
        if status < 400:
            return f"GET {path} answers {status}"
        if status in (401, 403) and attempt == ATTEMPTS - 1:
            return f"GET {path} answers {status}, for nobody signed in: the functions behind it were not reached"
    raise RecoveryError(f"GET {outputs['api_url']}{path}: {said}: DNS is left as it is")


def _switch(outputs: Mapping[str, Any]) -> str:
    if not outputs.get("domain_name"):
        return "there is no domain: tell callers where it answers"
    return point(outputs["domain_name"], Target(outputs["domain_target"], outputs["domain_zone_id"]))
