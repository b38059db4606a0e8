"""`make failover`, against the emulator, whose tables have replicas, and a stand-in for the Pulumi CLI."""

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
from lib.operations.pulumi_stack import Deployment

from ..support.executable import write_program
from ..support.fake_aws import Asked, FakeAws, serving
from ..support.https_server import https_server

HOME, AWAY = "us-east-1", "us-west-2"
CONFIG = f"config:\n  aws:region: {HOME}\n  tap:environment: prod\n  tap:service: items\n"
PULUMI = """
import pathlib, sys
folder = pathlib.Path({folder!r})
words = sys.argv[1:]
with (folder / "told").open("a") as told:
    told.write(" ".join(words) + "\\n")
stack = folder / words[words.index("--stack") + 1] if "--stack" in words else folder / "none"
if words[:2] == ["stack", "output"]:
    if not stack.exists():
        sys.exit("error: no stack named '" + stack.name + "' found")
    print(stack.read_text())
if words[0] == "up" and (folder / "broken").exists():
    sys.exit("error: it broke")
if (folder / "logged out").exists():
    sys.exit("error: log in first")
"""


class Shop:
    """An items service at home, with a replica of its table and a Pulumi CLI that writes down what it is told."""

    def __init__(self, emulator: Emulator, folder: Path, api: FakeAws, functions: FakeAws) -> None:
        self.emulator, self.folder, self.api, self.functions = emulator, folder, api, functions
        self.cli = folder / "cli"
        self.cli.mkdir()
        self.function = f"shop-{uuid.uuid4().hex[:8]}"
        self.table = f"{self.function}-items"
        write_program(folder / "pulumi", PULUMI.format(folder=str(self.cli)))
        self.make_table()
        role = emulator.client("iam").create_role(RoleName=self.function, AssumeRolePolicyDocument="{}")["Role"]
        self.role_arn = role["Arn"]
        for region in (HOME, AWAY):
            self.make_function(region)
        self.stands("items-prod", HOME)
        self.stands(f"items-prod-{AWAY}", AWAY)
        (folder / "Pulumi.yaml").write_text("name: tap\n", encoding="utf-8")
        (folder / "Pulumi.items-prod.yaml").write_text(CONFIG, encoding="utf-8")

    def make_table(self) -> None:
        """A table at home, and its replica."""
        dynamodb = self.emulator.client("dynamodb", HOME)
        dynamodb.create_table(
            TableName=self.table,
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            BillingMode="PAY_PER_REQUEST",
        )
        dynamodb.update_table(TableName=self.table, ReplicaUpdates=[{"Create": {"RegionName": AWAY}}])

    def make_function(self, region: str) -> None:
        """A function."""
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            archive.writestr("index.py", "handler = print")
        self.emulator.client("lambda", region).create_function(
            FunctionName=self.function,
            Role=self.role_arn,
            Runtime="python3.13",
            Handler="index.handler",
            Code={"ZipFile": packed.getvalue()},
        )

    def stands(self, stack: str, region: str, **more: str) -> None:
        """Let a stack have outputs."""
        outputs = {
            "dynamodb_table_arn": f"arn:aws:dynamodb:{region}:000000000000:table/{self.table}",
            "table_names": {"table": self.table},
            "function_names": {"lambda": self.function},
            "api_url": self.api.url,
            "api_key": "the-key",
            **more,
        }
        (self.cli / stack).write_text(json.dumps(outputs), encoding="utf-8")

    def failover(self, *words: str, to: str = AWAY) -> int:
        """Run the command; its exit code."""
        return main(["failover", "--service", "items", "--env", "prod", "--to", to, *words])

    def told(self, word: str = "") -> list[str]:
        """What the Pulumi CLI was told, in commands that begin with a word."""
        return [line for line in (self.cli / "told").read_text().splitlines() if line.startswith(word)]

    def stopped(self, region: str) -> bool:
        """Whether no function runs in a region."""
        concurrency = self.emulator.client("lambda", region).get_function_concurrency(FunctionName=self.function)
        return bool(concurrency.get("ReservedConcurrentExecutions") == 0)


def provisioned(asked: Asked) -> Any:
    """What the emulator cannot tell: that a function has something provisioned for its alias `live`."""
    if asked.path.endswith("/provisioned-concurrency?List=ALL"):
        arn = f"arn:aws:lambda:{HOME}:000000000000:function:{asked.path.split('/')[3]}:live"
        return 200, {"ProvisionedConcurrencyConfigs": [{"FunctionArn": arn}]}
    return (200, {}) if "/provisioned-concurrency" in asked.path else "pass"


@pytest.fixture(name="shop")
def shop_fixture(aws: pytest.MonkeyPatch, emulator: Emulator, tmp_path: Path) -> Iterator[Shop]:
    """A shop whose API answers."""
    aws.chdir(tmp_path)
    aws.setenv("PATH", str(tmp_path))
    aws.setattr(failover, "PAUSE_SECONDS", 0.0)
    aws.setattr(dns, "POLL_SECONDS", 0)
    with serving() as api, serving(emulator.url.removeprefix("http://")) as functions:
        aws.setenv("AWS_ENDPOINT_URL_LAMBDA", functions.url)
        api.script, functions.script = [(200, {})], [provisioned]
        yield Shop(emulator, tmp_path, api, functions)


def last(capsys: pytest.CaptureFixture[str]) -> str:
    """The last line of the errors, or else of the output."""
    printed = capsys.readouterr()
    return (printed.err or printed.out).splitlines()[-1]


def test_a_service_comes_up_where_its_replicas_are(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    assert shop.failover() == 0
    stack = f"items-prod-{AWAY}"
    assert shop.told("stack select") == [f"stack select --create {stack}"]
    assert shop.told("up") == [
        "up --yes --refresh --config environment=prod --config service=items "
        f"--config aws:region={AWAY} --config table_existing=true --config replica_regions=none "
        f"--config zone_id=none --config monthly_budget_usd=0 --stack {stack}"
    ]
    said = capsys.readouterr().out
    assert f"1 tables are ready in {AWAY}" in said
    assert "GET /items answers 200" in said
    assert "there is no domain: tell callers where it answers" in said
    assert f"api_url: {shop.api.url}" in said
    assert [asked.headers["x-api-key"] for asked in shop.api.asked] == ["the-key"]


def test_home_is_stopped_before_anything_is_deployed(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    (shop.cli / "broken").touch()
    assert shop.failover() == 1
    assert shop.stopped(HOME)
    assert not shop.stopped(AWAY)
    assert last(capsys) == "error: pulumi up --yes failed: fix what it reports, then run this again"
    assert not shop.api.asked


def test_nothing_stays_provisioned_for_what_is_stopped(shop: Shop) -> None:
    assert shop.failover() == 0
    configs = f"/2019-09-30/functions/{shop.function}/provisioned-concurrency"
    asked = [one.path for one in shop.functions.asked]
    assert asked == [f"{configs}?List=ALL", f"{configs}?Qualifier=live", asked[-1]]
    assert shop.stopped(HOME)


def test_failing_back_stops_the_standby_and_deploys_home(shop: Shop) -> None:
    assert shop.failover(to=HOME) == 0
    assert shop.stopped(AWAY)
    assert not shop.stopped(HOME)
    assert shop.told("up") == ["up --yes --refresh --stack items-prod"]
    assert not shop.told("config")


def test_failing_back_creates_the_missing_file_of_the_stack(shop: Shop) -> None:
    (shop.folder / "Pulumi.items-prod.yaml").unlink()
    assert shop.failover(to=HOME) == 0
    created = yaml.safe_load((shop.folder / "Pulumi.items-prod.yaml").read_text(encoding="utf-8"))
    assert created == {"config": {"tap:environment": "prod", "tap:service": "items"}}


def test_failing_back_completes_the_file_of_the_stack(shop: Shop) -> None:
    (shop.folder / "Pulumi.items-prod.yaml").write_text("config:\n  tap:service: items\n", encoding="utf-8")
    assert shop.failover(to=HOME) == 0
    assert shop.told("config") == ["config set environment prod --stack items-prod"]


def test_standby_without_a_file_at_home_is_configured_by_the_cli(shop: Shop) -> None:
    (shop.folder / "Pulumi.items-prod.yaml").unlink()
    assert shop.failover() == 0
    assert shop.told("up")[0].startswith("up --yes --refresh --config environment=prod --config service=items ")
    assert [path.name for path in shop.folder.glob("Pulumi.*.yaml")] == []


@pytest.mark.parametrize("provider", ["encryptionsalt: v1:x", "encryptedkey: abc"])
def test_secrets_that_the_file_can_decrypt_are_copied(shop: Shop, provider: str) -> None:
    text = f"{CONFIG}  tap:secrets:\n    token:\n      secure: v1:y\n{provider}\n"
    (shop.folder / "Pulumi.items-prod.yaml").write_text(text, encoding="utf-8")
    assert shop.failover() == 0
    assert (shop.folder / f"Pulumi.items-prod-{AWAY}.yaml").read_text(encoding="utf-8") == text


def test_secrets_that_only_the_stack_at_home_can_decrypt_are_not_copied(
    shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    text = f"{CONFIG}  tap:secrets:\n    token:\n      secure: AAAB\n"
    (shop.folder / "Pulumi.items-prod.yaml").write_text(text, encoding="utf-8")
    assert shop.failover() == 1
    assert last(capsys) == (
        "error: only the stack items-prod can decrypt the secrets in Pulumi.items-prod.yaml: "
        f"run pulumi stack init items-prod-{AWAY} and "
        f"pulumi config cp --stack items-prod --dest items-prod-{AWAY}, then run this again"
    )
    assert not (shop.folder / f"Pulumi.items-prod-{AWAY}.yaml").exists()
    assert not shop.told("up")


def test_a_dry_run_tells_and_does_nothing(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    assert shop.failover("--dry") == 0
    assert [line.split()[:2] for line in shop.told()] == [["stack", "output"]]
    assert not shop.stopped(HOME)
    said = capsys.readouterr().out
    assert "let no function of items-prod run" in said
    assert f"pulumi stack select --create items-prod-{AWAY}" in said
    assert not list(shop.folder.glob(f"Pulumi.*{AWAY}.yaml"))


def test_a_standby_keeps_config_of_its_own(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    file = shop.folder / f"Pulumi.items-prod-{AWAY}.yaml"
    assert shop.failover() == 0
    assert file.read_text(encoding="utf-8") == (shop.folder / "Pulumi.items-prod.yaml").read_text(encoding="utf-8")
    assert f"{file.name} is made: keep what is particular to {AWAY} in it" in capsys.readouterr().out
    file.write_text("config:\n  tap:cors_origin: https://west.example.com\n", encoding="utf-8")
    assert shop.failover() == 0
    assert "is made" not in capsys.readouterr().out
    assert "west" in file.read_text(encoding="utf-8")


def test_config_that_names_what_is_at_home_is_refused(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    certificate = f"arn:aws:acm:{HOME}:000000000000:certificate/1"
    (shop.folder / "Pulumi.items-prod.yaml").write_text(f"config: {{'tap:certificate_arn': '{certificate}'}}", "utf-8")
    assert shop.failover() == 1
    wanted = f"Pulumi.items-prod-{AWAY}.yaml: tap:certificate_arn names what is in {HOME}: give that of {AWAY}"
    assert last(capsys) == f"error: {wanted}"
    assert not shop.told("up")


@pytest.mark.parametrize("text", ["", "config:\n"])
def test_config_that_says_nothing_is_config(shop: Shop, text: str) -> None:
    (shop.folder / "Pulumi.items-prod.yaml").write_text(text, encoding="utf-8")
    assert shop.failover() == 0


def test_a_table_without_a_replica_there_stops_it(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    assert shop.failover(to="eu-west-1") == 1
    wanted = f"set replica_regions to eu-west-1 and run make up, while {HOME} answers"
    assert last(capsys) == f"error: {shop.table} has no replica in eu-west-1: {wanted}"
    assert not shop.stopped(HOME)


def test_a_table_of_the_same_name_is_no_replica(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    shop.emulator.client("dynamodb", "eu-west-1").create_table(
        TableName=shop.table,
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
    )
    assert shop.failover(to="eu-west-1") == 1
    assert "has no replica in eu-west-1" in last(capsys)


def test_a_replica_that_does_not_work_stops_it(
    shop: Shop, aws: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    table = {"TableStatus": "INACCESSIBLE_ENCRYPTION_CREDENTIALS", "Replicas": [{"RegionName": HOME}]}
    with serving() as between:
        between.script = [(200, {"Table": table})]
        aws.setenv("AWS_ENDPOINT_URL", between.url)
        assert shop.failover() == 1
    assert f"in {AWAY} is INACCESSIBLE_ENCRYPTION_CREDENTIALS, not ACTIVE" in last(capsys)


def test_how_far_replicas_are_behind_is_told(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    dimensions = [{"Name": "TableName", "Value": shop.table}, {"Name": "ReceivingRegion", "Value": AWAY}]
    shop.emulator.client("cloudwatch", HOME).put_metric_data(
        Namespace="AWS/DynamoDB",
        MetricData=[
            {"MetricName": "ReplicationLatency", "Dimensions": dimensions, "Value": value, "Unit": "Milliseconds"}
            for value in (800.0, 1400.0)
        ],
    )
    assert shop.failover("--dry") == 0
    assert f"{HOME}: {AWAY} was 1.4 s behind at most, in the last 10 minutes" in capsys.readouterr().out


def test_that_nothing_was_replicated_is_told(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    assert shop.failover("--dry") == 0
    assert f"{HOME}: nothing was replicated in the last 10 minutes" in capsys.readouterr().out


def test_a_region_that_does_not_answer_is_left_behind(
    shop: Shop, aws: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    aws.setattr(clients, "ATTEMPTS", 1)
    for service in ("CLOUDWATCH", "LAMBDA"):
        aws.setenv(f"AWS_ENDPOINT_URL_{service}", "http://127.0.0.1:9")
    aws.setenv("AWS_ENDPOINT_URL_DYNAMODB", shop.emulator.url)
    assert shop.failover() == 0
    said = capsys.readouterr().out
    assert f"{HOME}: it is not known how far {AWAY} is behind" in said
    assert f"{HOME} is not stopped and may write" in said
    assert "when it answers, run this again" in said
    assert shop.told("up")


def test_a_region_with_nothing_deployed_has_nothing_to_stop(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    (shop.cli / f"items-prod-{AWAY}").unlink()
    assert shop.failover(to=HOME) == 0
    assert f"nothing is deployed in {AWAY}" in capsys.readouterr().out


def test_an_api_that_does_not_answer_leaves_dns_as_it_is(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    shop.api.script = [(500, {})]
    assert shop.failover() == 1
    assert last(capsys) == f"error: GET {shop.api.url}/items: it answers 500: DNS is left as it is"
    assert len(shop.api.asked) == failover.ATTEMPTS


def test_an_api_that_answers_after_a_while_will_do(shop: Shop) -> None:
    shop.api.script = ["hang up", (403, {}), (502, {}), (200, {})]
    assert shop.failover() == 0
    assert len(shop.api.asked) == 4


def test_an_api_for_those_who_signed_in_is_told_as_such(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    shop.api.script = [(401, {})]
    assert shop.failover("--health", "/orders") == 0
    assert "GET /orders answers 401, for nobody signed in" in capsys.readouterr().out


def test_a_service_nobody_knows_needs_a_path(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    (shop.cli / "notes-prod").write_text((shop.cli / "items-prod").read_text(), encoding="utf-8")
    assert main(["failover", "--service", "notes", "--env", "prod", "--to", AWAY]) == 1
    assert "service 'notes' is none of items, inventory, stock: set the health path" in last(capsys)


def test_no_region_is_a_line(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    assert shop.failover(to="") == 1
    assert "to must be a region with replicas" in last(capsys)


def test_what_is_not_deployed_cannot_fail_over(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    (shop.cli / "items-prod").unlink()
    assert shop.failover() == 1
    assert last(capsys) == "error: stack items-prod is not deployed: make up does that"


def test_what_the_cli_says_is_told(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    (shop.cli / "logged out").touch()
    assert shop.failover() == 1
    assert last(capsys) == "error: stack items-prod: error: log in first"


def test_without_a_pulumi_cli_one_line_says_so(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    (shop.folder / "pulumi").unlink()
    assert shop.failover() == 1
    assert "no Pulumi CLI found" in last(capsys)


class Zone:
    """A hosted zone of a domain of one's own, and the records of its API."""

    def __init__(self, shop: Shop, *records: dict[str, Any], private: bool = False) -> None:
        self.domain = f"{uuid.uuid4().hex[:8]}.example.com"
        self.api = f"api.{self.domain}"
        self._route53 = shop.emulator.client("route53")
        network = {"VPC": {"VPCRegion": HOME, "VPCId": "vpc-1"}} if private else {}
        zone = self._route53.create_hosted_zone(Name=self.domain, CallerReference=self.domain, **network)
        self._id = zone["HostedZone"]["Id"]
        changes = [{"Action": "CREATE", "ResourceRecordSet": {"Name": self.api, **record}} for record in records]
        if changes:
            self._route53.change_resource_record_sets(HostedZoneId=self._id, ChangeBatch={"Changes": changes})
        target = {"domain_name": self.api, "domain_target": "d-west.example.org", "domain_zone_id": "Z2OJLYMUO9EFXC"}
        shop.stands(f"items-prod-{AWAY}", AWAY, **target)

    def records(self) -> dict[str, Any]:
        """What the API's records say, by their type."""
        found = self._route53.list_resource_record_sets(HostedZoneId=self._id)["ResourceRecordSets"]
        mine = [record for record in found if record["Name"] == f"{self.api}."]
        return {r["Type"]: r.get("AliasTarget") or [v["Value"] for v in r["ResourceRecords"]] for r in mine}


OLD = {"HostedZoneId": "Z1UJRXOUMOOFQ8", "DNSName": "d-east.example.org", "EvaluateTargetHealth": False}
NEW = {"HostedZoneId": "Z2OJLYMUO9EFXC", "DNSName": "d-west.example.org.", "EvaluateTargetHealth": False}


def test_the_domain_points_at_the_standby(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    zone = Zone(shop)
    assert shop.failover() == 0
    assert zone.records() == {"A": NEW}
    assert f"{zone.api} points at d-west.example.org" in capsys.readouterr().out


def test_every_alias_there_is_points_at_the_standby(shop: Shop) -> None:
    zone = Zone(shop, {"Type": "A", "AliasTarget": OLD}, {"Type": "AAAA", "AliasTarget": OLD})
    assert shop.failover() == 0
    assert zone.records() == {"A": NEW, "AAAA": NEW}


def test_a_cname_stays_one(shop: Shop) -> None:
    zone = Zone(shop, {"Type": "CNAME", "TTL": 60, "ResourceRecords": [{"Value": "d-east.example.org"}]})
    assert shop.failover() == 0
    assert zone.records() == {"CNAME": ["d-west.example.org"]}


def test_a_routing_policy_is_left_to_whoever_made_it(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    zone = Zone(shop, {"Type": "A", "SetIdentifier": "east", "Weight": 1, "AliasTarget": OLD})
    assert shop.failover() == 1
    assert f"error: {zone.api} has a routing policy in zone Z" in last(capsys)


def test_a_domain_whose_dns_is_elsewhere_is_told(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    zone = Zone(shop, private=True)
    assert shop.failover() == 0
    said = capsys.readouterr().out
    assert f"no public zone of this account holds {zone.api}: point it at d-west.example.org" in said


def test_a_standby_has_a_stack_and_a_file_of_its_own() -> None:
    home = Deployment(service="stock", environment="prod", region=HOME, home=HOME)
    away = Deployment(service="stock", environment="prod", region=AWAY, home=HOME)
    assert (home.stack, str(home.config_file)) == ("stock-prod", "Pulumi.stock-prod.yaml")
    assert (away.stack, str(away.config_file)) == ("stock-prod-us-west-2", "Pulumi.stock-prod-us-west-2.yaml")


def test_domain_is_called_at_its_target_before_dns_changes(shop: Shop, aws: pytest.MonkeyPatch) -> None:
    domain = "api.shop.example.com"
    with https_server(domain, shop.folder, aws) as (port, requests):
        url = f"https://{domain}:{port}/v1"
        shop.stands(f"items-prod-{AWAY}", AWAY, api_url=url, domain_url=url, domain_target="127.0.0.1")
        assert shop.failover() == 0
    assert requests == [f"{domain}:{port}/v1/items"]
    assert not shop.api.asked


def test_target_with_another_certificate_leaves_dns_as_it_is(
    shop: Shop, aws: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with https_server("other.example.com", shop.folder, aws) as (port, requests):
        url = f"https://api.shop.example.com:{port}"
        shop.stands(f"items-prod-{AWAY}", AWAY, api_url=url, domain_url=url, domain_target="127.0.0.1")
        assert shop.failover() == 1
    assert "certificate verify failed" in last(capsys)
    assert not requests


def test_endpoint_is_called_if_it_is_not_disabled(shop: Shop) -> None:
    more = {"domain_url": "https://api.shop.example.com", "domain_target": "127.0.0.1"}
    shop.stands(f"items-prod-{AWAY}", AWAY, **more)
    assert shop.failover() == 0
    assert [request.path for request in shop.api.asked] == ["/items"]
