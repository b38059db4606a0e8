"""`tap failover` against the emulator, which supports replicas of tables, and a fake Pulumi CLI."""

from __future__ import annotations

import io
import json
import uuid
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from lib.cli import main
from lib.local.emulator import Emulator
from lib.operations import aws as clients
from lib.operations import dns, failover
from lib.operations.pulumi_stack import RegionalStack

from ..support.builders import a_worker, replace_service
from ..support.executable import write_program
from ..support.fake_aws import FakeAws, RecordedCall, serving
from ..support.https_server import https_server

PRIMARY, STANDBY = "us-east-1", "us-west-2"
CONFIG = f"config:\n  aws:region: {PRIMARY}\n  tap:environment: prod\n  tap:service: items\n"
PULUMI = """
import pathlib, sys
folder = pathlib.Path({folder!r})
words = sys.argv[1:]
with (folder / "commands").open("a") as commands:
    commands.write(" ".join(words) + "\\n")
stack = folder / words[words.index("--stack") + 1] if "--stack" in words else folder / "none"
if words[:2] == ["stack", "output"]:
    if not stack.exists():
        sys.exit("error: no stack named '" + stack.name + "' found")
    print(stack.read_text())
if words[0] == "up" and (folder / "up fails").exists():
    sys.exit("error: update failed")
if (folder / "logged out").exists():
    sys.exit("error: log in first")
"""


class Shop:
    """An items service in the primary region, a replica of its table, and a fake Pulumi CLI that records commands."""

    def __init__(self, emulator: Emulator, folder: Path, api: FakeAws, functions: FakeAws) -> None:
        self.emulator, self.folder, self.api, self.functions = emulator, folder, api, functions
        self.cli = folder / "cli"
        self.cli.mkdir()
        self.function = f"shop-{uuid.uuid4().hex[:8]}"
        self.table = f"{self.function}-items"
        write_program(folder / "pulumi", PULUMI.format(folder=str(self.cli)))
        self.create_table()
        role = emulator.client("iam").create_role(RoleName=self.function, AssumeRolePolicyDocument="{}")["Role"]
        self.role_arn = role["Arn"]
        for region in (PRIMARY, STANDBY):
            self.create_function(region)
        self.set_outputs("items-prod", PRIMARY)
        self.set_outputs(f"items-prod-{STANDBY}", STANDBY)
        (folder / "Pulumi.yaml").write_text("name: tap\n", encoding="utf-8")
        (folder / "Pulumi.items-prod.yaml").write_text(CONFIG, encoding="utf-8")

    def create_table(self) -> None:
        """Create the table in the primary region, and its replica."""
        dynamodb = self.emulator.client("dynamodb", PRIMARY)
        dynamodb.create_table(
            TableName=self.table,
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            BillingMode="PAY_PER_REQUEST",
        )
        dynamodb.update_table(TableName=self.table, ReplicaUpdates=[{"Create": {"RegionName": STANDBY}}])

    def create_function(self, region: str) -> None:
        """Create the function in a region."""
        package = io.BytesIO()
        with zipfile.ZipFile(package, "w") as archive:
            archive.writestr("index.py", "handler = print")
        self.emulator.client("lambda", region).create_function(
            FunctionName=self.function,
            Role=self.role_arn,
            Runtime="python3.13",
            Handler="index.handler",
            Code={"ZipFile": package.getvalue()},
        )

    def set_outputs(self, stack: str, region: str, **additional: Any) -> None:
        """Set the outputs of a stack."""
        outputs = {
            "dynamodb_table_arn": f"arn:aws:dynamodb:{region}:000000000000:table/{self.table}",
            "table_names": {"table": self.table},
            "function_names": {"lambda": self.function},
            "api_url": self.api.url,
            "api_key": "the-key",
            **additional,
        }
        (self.cli / stack).write_text(json.dumps(outputs), encoding="utf-8")

    def failover(self, *words: str, to: str = STANDBY) -> int:
        """Run `tap failover`, and return its exit code."""
        return main(["failover", "--service", "items", "--env", "prod", "--to", to, *words])

    def commands(self, prefix: str = "") -> list[str]:
        """Return the commands of the Pulumi CLI that start with a prefix."""
        return [line for line in (self.cli / "commands").read_text().splitlines() if line.startswith(prefix)]

    def is_disabled(self, region: str) -> bool:
        """Return whether the reserved concurrency of the function in a region is 0."""
        concurrency = self.emulator.client("lambda", region).get_function_concurrency(FunctionName=self.function)
        return bool(concurrency.get("ReservedConcurrentExecutions") == 0)


def provisioned_concurrency(call: RecordedCall) -> Any:
    """Return provisioned concurrency for the alias `live`, which the emulator does not support."""
    if call.path.endswith("/provisioned-concurrency?List=ALL"):
        arn = f"arn:aws:lambda:{PRIMARY}:000000000000:function:{call.path.split('/')[3]}:live"
        return 200, {"ProvisionedConcurrencyConfigs": [{"FunctionArn": arn}]}
    return (200, {}) if "/provisioned-concurrency" in call.path else "pass"


@pytest.fixture(name="shop")
def shop_fixture(aws: pytest.MonkeyPatch, emulator: Emulator, tmp_path: Path) -> Iterator[Shop]:
    """A shop with an API that returns 200."""
    aws.chdir(tmp_path)
    aws.setenv("PATH", str(tmp_path))
    aws.setattr(failover, "PAUSE_SECONDS", 0.0)
    aws.setattr(dns, "POLL_SECONDS", 0)
    with serving() as api, serving(emulator.url.removeprefix("http://")) as functions:
        aws.setenv("AWS_ENDPOINT_URL_LAMBDA", functions.url)
        api.script, functions.script = [(200, {})], [provisioned_concurrency]
        yield Shop(emulator, tmp_path, api, functions)


def last_line(capsys: pytest.CaptureFixture[str]) -> str:
    """Return the last line of stderr, or of stdout if stderr is empty."""
    printed = capsys.readouterr()
    return (printed.err or printed.out).splitlines()[-1]


def test_service_is_deployed_in_the_region_of_its_replicas(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    assert shop.failover() == 0
    stack = f"items-prod-{STANDBY}"
    assert shop.commands("stack select") == [f"stack select --create {stack}"]
    assert shop.commands("up") == [
        "up --yes --refresh --config environment=prod --config service=items "
        f"--config aws:region={STANDBY} --config table_existing=true --config replica_regions=none "
        f"--config zone_id=none --config monthly_budget_usd=0 --stack {stack}"
    ]
    printed = capsys.readouterr().out
    assert f"tables ready in {STANDBY}: 1" in printed
    assert "GET /items returned 200" in printed
    assert "no domain configured: callers must use the new URL" in printed
    assert f"api_url: {shop.api.url}" in printed
    assert [call.headers["x-api-key"] for call in shop.api.calls] == ["the-key"]


def test_primary_functions_are_disabled_before_the_standby_is_deployed(
    shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    (shop.cli / "up fails").touch()
    assert shop.failover() == 1
    assert shop.is_disabled(PRIMARY)
    assert not shop.is_disabled(STANDBY)
    assert last_line(capsys) == "error: pulumi up --yes failed. Fix the reported errors, then run this command again."
    assert not shop.api.calls


def test_provisioned_concurrency_of_disabled_functions_is_deleted(shop: Shop) -> None:
    assert shop.failover() == 0
    configs = f"/2019-09-30/functions/{shop.function}/provisioned-concurrency"
    paths = [call.path for call in shop.functions.calls]
    assert paths == [f"{configs}?List=ALL", f"{configs}?Qualifier=live", paths[-1]]
    assert shop.is_disabled(PRIMARY)


def test_failback_disables_the_standby_and_deploys_the_primary(shop: Shop) -> None:
    assert shop.failover(to=PRIMARY) == 0
    assert shop.is_disabled(STANDBY)
    assert not shop.is_disabled(PRIMARY)
    assert shop.commands("up") == ["up --yes --refresh --stack items-prod"]
    assert not shop.commands("config")


def test_failback_creates_a_missing_config_file(shop: Shop) -> None:
    (shop.folder / "Pulumi.items-prod.yaml").unlink()
    assert shop.failover(to=PRIMARY) == 0
    created = yaml.safe_load((shop.folder / "Pulumi.items-prod.yaml").read_text(encoding="utf-8"))
    assert created == {"config": {"tap:environment": "prod", "tap:service": "items"}}


def test_failback_adds_missing_config_to_the_file(shop: Shop) -> None:
    (shop.folder / "Pulumi.items-prod.yaml").write_text("config:\n  tap:service: items\n", encoding="utf-8")
    assert shop.failover(to=PRIMARY) == 0
    assert shop.commands("config") == ["config set environment prod --stack items-prod"]


def test_standby_is_configured_by_options_if_the_primary_has_no_config_file(shop: Shop) -> None:
    (shop.folder / "Pulumi.items-prod.yaml").unlink()
    assert shop.failover() == 0
    assert shop.commands("up")[0].startswith("up --yes --refresh --config environment=prod --config service=items ")
    assert [path.name for path in shop.folder.glob("Pulumi.*.yaml")] == []


@pytest.mark.parametrize("provider", ["encryptionsalt: v1:x", "encryptedkey: abc"])
def test_secrets_that_are_decrypted_by_keys_in_the_file_are_copied(shop: Shop, provider: str) -> None:
    content = f"{CONFIG}  tap:secrets:\n    token:\n      secure: v1:y\n{provider}\n"
    (shop.folder / "Pulumi.items-prod.yaml").write_text(content, encoding="utf-8")
    assert shop.failover() == 0
    assert (shop.folder / f"Pulumi.items-prod-{STANDBY}.yaml").read_text(encoding="utf-8") == content


def test_secrets_that_only_the_primary_stack_can_decrypt_are_not_copied(
    shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    content = f"{CONFIG}  tap:secrets:\n    token:\n      secure: AAAB\n"
    (shop.folder / "Pulumi.items-prod.yaml").write_text(content, encoding="utf-8")
    assert shop.failover() == 1
    assert last_line(capsys) == (
        "error: Only the stack items-prod can decrypt the secrets in Pulumi.items-prod.yaml. "
        f"Run pulumi stack init items-prod-{STANDBY} and "
        f"pulumi config cp --stack items-prod --dest items-prod-{STANDBY}, then run this command again."
    )
    assert not (shop.folder / f"Pulumi.items-prod-{STANDBY}.yaml").exists()
    assert not shop.commands("up")


def test_dry_run_prints_the_steps_and_changes_no_resources(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    assert shop.failover("--dry") == 0
    assert [line.split()[:2] for line in shop.commands()] == [["stack", "output"]]
    assert not shop.is_disabled(PRIMARY)
    printed = capsys.readouterr().out
    assert "disable the functions of items-prod" in printed
    assert f"run pulumi stack select --create items-prod-{STANDBY}" in printed
    assert not list(shop.folder.glob(f"Pulumi.*{STANDBY}.yaml"))


def test_existing_config_file_of_the_standby_is_not_overwritten(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    file = shop.folder / f"Pulumi.items-prod-{STANDBY}.yaml"
    assert shop.failover() == 0
    assert file.read_text(encoding="utf-8") == (shop.folder / "Pulumi.items-prod.yaml").read_text(encoding="utf-8")
    assert f"created {file.name}: add the config that is specific to {STANDBY}" in capsys.readouterr().out
    file.write_text("config:\n  tap:cors_origin: https://west.example.com\n", encoding="utf-8")
    assert shop.failover() == 0
    assert "created" not in capsys.readouterr().out
    assert "west" in file.read_text(encoding="utf-8")


def test_standby_config_with_an_arn_of_the_primary_region_is_rejected(
    shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    certificate = f"arn:aws:acm:{PRIMARY}:000000000000:certificate/1"
    (shop.folder / "Pulumi.items-prod.yaml").write_text(f"config: {{'tap:certificate_arn': '{certificate}'}}", "utf-8")
    assert shop.failover() == 1
    assert last_line(capsys) == (
        f"error: tap:certificate_arn in Pulumi.items-prod-{STANDBY}.yaml must not contain ARNs in {PRIMARY}. "
        f"Replace them with ARNs in {STANDBY}."
    )
    assert not shop.commands("up")


@pytest.mark.parametrize("content", ["", "config:\n"])
def test_config_file_of_the_primary_can_be_empty(shop: Shop, content: str) -> None:
    (shop.folder / "Pulumi.items-prod.yaml").write_text(content, encoding="utf-8")
    assert shop.failover() == 0


def test_table_without_a_replica_stops_the_failover(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    assert shop.failover(to="eu-west-1") == 1
    assert last_line(capsys) == (
        f"error: Table {shop.table} has no replica in eu-west-1. Add the region to replica_regions and run make up "
        f"while {PRIMARY} is available."
    )
    assert not shop.is_disabled(PRIMARY)


def test_independent_table_with_the_same_name_is_not_a_replica(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    shop.emulator.client("dynamodb", "eu-west-1").create_table(
        TableName=shop.table,
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
    )
    assert shop.failover(to="eu-west-1") == 1
    assert "has no replica in eu-west-1" in last_line(capsys)


def test_inaccessible_replica_stops_the_failover(
    shop: Shop, aws: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    table = {"TableStatus": "INACCESSIBLE_ENCRYPTION_CREDENTIALS", "Replicas": [{"RegionName": PRIMARY}]}
    with serving() as proxy:
        proxy.script = [(200, {"Table": table})]
        aws.setenv("AWS_ENDPOINT_URL", proxy.url)
        assert shop.failover() == 1
    expected = f"in {STANDBY} must be ACTIVE or UPDATING, got INACCESSIBLE_ENCRYPTION_CREDENTIALS."
    assert expected in last_line(capsys)


def test_replication_latency_is_printed(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    dimensions = [{"Name": "TableName", "Value": shop.table}, {"Name": "ReceivingRegion", "Value": STANDBY}]
    shop.emulator.client("cloudwatch", PRIMARY).put_metric_data(
        Namespace="AWS/DynamoDB",
        MetricData=[
            {"MetricName": "ReplicationLatency", "Dimensions": dimensions, "Value": value, "Unit": "Milliseconds"}
            for value in (800.0, 1400.0)
        ],
    )
    assert shop.failover("--dry") == 0
    assert (
        f"{PRIMARY}: maximum replication latency to {STANDBY} in the last 10 minutes: 1.4 s" in capsys.readouterr().out
    )


def test_missing_replication_is_printed(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    assert shop.failover("--dry") == 0
    assert f"{PRIMARY}: no replication to {STANDBY} in the last 10 minutes" in capsys.readouterr().out


def test_failover_continues_if_the_primary_region_is_unavailable(
    shop: Shop, aws: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    aws.setattr(clients, "MAX_ATTEMPTS", 1)
    for service in ("CLOUDWATCH", "LAMBDA"):
        aws.setenv(f"AWS_ENDPOINT_URL_{service}", "http://127.0.0.1:9")
    aws.setenv("AWS_ENDPOINT_URL_DYNAMODB", shop.emulator.url)
    assert shop.failover() == 0
    printed = capsys.readouterr().out
    assert f"{PRIMARY}: replication latency to {STANDBY} unknown" in printed
    assert f"functions in {PRIMARY} are not disabled and can still write" in printed
    assert "Run this command again when the region is available." in printed
    assert shop.commands("up")


def test_region_without_a_deployed_stack_is_skipped(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    (shop.cli / f"items-prod-{STANDBY}").unlink()
    assert shop.failover(to=PRIMARY) == 0
    assert f"items-prod-{STANDBY} is not deployed in {STANDBY}" in capsys.readouterr().out


def test_unhealthy_api_keeps_dns_unchanged(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    shop.api.script = [(500, {})]
    assert shop.failover() == 1
    assert last_line(capsys) == (
        f"error: GET {shop.api.url}/items must succeed before DNS changes: returned 500. "
        "Check the deployment, then run this command again."
    )
    assert len(shop.api.calls) == failover.MAX_ATTEMPTS


def test_health_check_is_retried(shop: Shop) -> None:
    shop.api.script = ["hang up", (403, {}), (502, {}), (200, {})]
    assert shop.failover() == 0
    assert len(shop.api.calls) == 4


def test_health_check_accepts_an_api_that_requires_authorization(
    shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    shop.api.script = [(401, {})]
    assert shop.failover("--health", "/orders") == 0
    assert "GET /orders returned 401, because the health check has no credentials" in capsys.readouterr().out


def test_custom_service_requires_a_health_path(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    (shop.cli / "notes-prod").write_text((shop.cli / "items-prod").read_text(), encoding="utf-8")
    assert main(["failover", "--service", "notes", "--env", "prod", "--to", STANDBY]) == 1
    expected = "service must be one of items, inventory, stock, which have a default health path, got 'notes'."
    assert expected in last_line(capsys)


def test_empty_region_is_rejected(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    assert shop.failover(to="") == 1
    assert "to must be a region with replicas" in last_line(capsys)


def test_service_that_is_not_deployed_cannot_fail_over(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    (shop.cli / "items-prod").unlink()
    assert shop.failover() == 1
    assert last_line(capsys) == "error: Stack items-prod is not deployed. Deploy it with make up."


def test_error_of_the_cli_is_printed(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    (shop.cli / "logged out").touch()
    assert shop.failover() == 1
    assert last_line(capsys) == "error: pulumi stack output failed for items-prod: error: log in first"


def test_missing_pulumi_cli_is_reported(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    (shop.folder / "pulumi").unlink()
    assert shop.failover() == 1
    assert "The Pulumi CLI is not installed." in last_line(capsys)


class Zone:
    """A hosted zone of a custom domain, and the records of its API."""

    def __init__(self, shop: Shop, *records: dict[str, Any], private: bool = False) -> None:
        self.domain = f"{uuid.uuid4().hex[:8]}.example.com"
        self.api = f"api.{self.domain}"
        self._route53 = shop.emulator.client("route53")
        network = {"VPC": {"VPCRegion": PRIMARY, "VPCId": "vpc-1"}} if private else {}
        zone = self._route53.create_hosted_zone(Name=self.domain, CallerReference=self.domain, **network)
        self._id = zone["HostedZone"]["Id"]
        changes = [{"Action": "CREATE", "ResourceRecordSet": {"Name": self.api, **record}} for record in records]
        if changes:
            self._route53.change_resource_record_sets(HostedZoneId=self._id, ChangeBatch={"Changes": changes})
        target = {"domain_name": self.api, "domain_target": "d-west.example.org", "domain_zone_id": "Z2OJLYMUO9EFXC"}
        shop.set_outputs(f"items-prod-{STANDBY}", STANDBY, **target)

    def records(self) -> dict[str, Any]:
        """Return the targets of the API's records, by type."""
        records = self._route53.list_resource_record_sets(HostedZoneId=self._id)["ResourceRecordSets"]
        api_records = [record for record in records if record["Name"] == f"{self.api}."]
        return {r["Type"]: r.get("AliasTarget") or [v["Value"] for v in r["ResourceRecords"]] for r in api_records}


OLD = {"HostedZoneId": "Z1UJRXOUMOOFQ8", "DNSName": "d-east.example.org", "EvaluateTargetHealth": False}
NEW = {"HostedZoneId": "Z2OJLYMUO9EFXC", "DNSName": "d-west.example.org.", "EvaluateTargetHealth": False}


def test_domain_points_at_the_standby(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    zone = Zone(shop)
    assert shop.failover() == 0
    assert zone.records() == {"A": NEW}
    assert f"{zone.api} points at d-west.example.org" in capsys.readouterr().out


def test_every_existing_alias_points_at_the_standby(shop: Shop) -> None:
    zone = Zone(shop, {"Type": "A", "AliasTarget": OLD}, {"Type": "AAAA", "AliasTarget": OLD})
    assert shop.failover() == 0
    assert zone.records() == {"A": NEW, "AAAA": NEW}


def test_existing_cname_points_at_the_standby(shop: Shop) -> None:
    zone = Zone(shop, {"Type": "CNAME", "TTL": 60, "ResourceRecords": [{"Value": "d-east.example.org"}]})
    assert shop.failover() == 0
    assert zone.records() == {"CNAME": ["d-west.example.org"]}


def test_record_with_a_routing_policy_is_not_changed(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    zone = Zone(shop, {"Type": "A", "SetIdentifier": "east", "Weight": 1, "AliasTarget": OLD})
    assert shop.failover() == 1
    assert f"error: {zone.api} has a routing policy in the hosted zone Z" in last_line(capsys)


def test_target_is_printed_for_a_domain_without_a_hosted_zone(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    zone = Zone(shop, private=True)
    assert shop.failover() == 0
    printed = capsys.readouterr().out
    assert (
        f"{zone.api} has no public hosted zone in this account. Point its DNS record at d-west.example.org." in printed
    )


def test_standby_has_a_separate_stack_and_config_file() -> None:
    primary = RegionalStack(service="stock", environment="prod", region=PRIMARY, primary_region=PRIMARY)
    standby = RegionalStack(service="stock", environment="prod", region=STANDBY, primary_region=PRIMARY)
    assert (primary.stack, str(primary.config_file)) == ("stock-prod", "Pulumi.stock-prod.yaml")
    assert (standby.stack, str(standby.config_file)) == ("stock-prod-us-west-2", "Pulumi.stock-prod-us-west-2.yaml")


def test_domain_is_called_at_its_target_before_dns_changes(shop: Shop, aws: pytest.MonkeyPatch) -> None:
    domain = "api.shop.example.com"
    with https_server(domain, shop.folder, aws) as (port, requests):
        url = f"https://{domain}:{port}/v1"
        shop.set_outputs(f"items-prod-{STANDBY}", STANDBY, api_url=url, domain_url=url, domain_target="127.0.0.1")
        assert shop.failover() == 0
    assert requests == [f"{domain}:{port}/v1/items"]
    assert not shop.api.calls


def test_target_with_another_certificate_keeps_dns_unchanged(
    shop: Shop, aws: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with https_server("other.example.com", shop.folder, aws) as (port, requests):
        url = f"https://api.shop.example.com:{port}"
        shop.set_outputs(f"items-prod-{STANDBY}", STANDBY, api_url=url, domain_url=url, domain_target="127.0.0.1")
        assert shop.failover() == 1
    assert "certificate verify failed" in last_line(capsys)
    assert not requests


def test_default_endpoint_is_called_if_it_is_enabled(shop: Shop) -> None:
    domain = {"domain_url": "https://api.shop.example.com", "domain_target": "127.0.0.1"}
    shop.set_outputs(f"items-prod-{STANDBY}", STANDBY, **domain)
    assert shop.failover() == 0
    assert [request.path for request in shop.api.calls] == ["/items"]


def test_stack_without_tables_cannot_fail_over(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    shop.set_outputs("items-prod", PRIMARY, table_names={})
    assert shop.failover() == 1
    problem = "Stack items-prod must have tables with replicas, got none."
    assert last_line(capsys) == f"error: {problem} Deploy it in {STANDBY} as another stack."


def test_service_without_an_api_has_no_health_check(monkeypatch: pytest.MonkeyPatch) -> None:
    replace_service(monkeypatch, a_worker(name="items"))
    assert failover.default_health_path("items") == ""
    assert failover.wait_until_healthy({"function_names": {}}, "") == "no health check: the service has no API"
