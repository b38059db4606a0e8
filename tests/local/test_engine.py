"""Programs, deployed in this process."""

from __future__ import annotations

import json
import uuid
from pathlib import Path
from typing import Any

import pytest

from lib.local.emulator import Emulator
from lib.local.engine import DeployError
from lib.local.hot_reload import Watcher

from .conftest import Run

TOPIC_ARN = "arn:aws:sns:us-east-1:000000000000:"


def unique(kind: str) -> str:
    return f"{kind}-{uuid.uuid4().hex[:8]}"


@pytest.mark.parametrize(
    ("program", "outputs"),
    [
        ("pulumi.export('arn', aws.sns.Topic('t', name='news').arn)", {"arn": f"{TOPIC_ARN}news"}),
        (
            "pulumi.export('all', {'s': pulumi.Output.secret('key'), 'n': [1, 2.5, None, True]})",
            {"all": {"s": "key", "n": [1, 2.5, None, True]}},
        ),
        ("pulumi.export('x', pulumi.Config().require('color'))", {"x": "red"}),
        ("pulumi.export('region', aws.get_region().region)", {"region": "us-east-1"}),
        # The domain of the endpoint has no DNS in a local run.
        (
            "api = aws.apigateway.RestApi('a', disable_execute_api_endpoint=True)\n"
            "pulumi.export('x', api.disable_execute_api_endpoint)",
            {"x": False},
        ),
    ],
    ids=["of the emulator", "secrets and numbers", "config", "region", "endpoint stays in use"],
)
def test_outputs(run: Run, program: str, outputs: dict[str, Any]) -> None:
    assert run(program, color="red") == outputs


@pytest.mark.parametrize(
    ("program", "message"),
    [
        (
            "aws.kinesis.Stream('jobs')",
            r"Stream 'jobs': the local run does not support .* Add a provisioner to lib/local",
        ),
        (
            "aws.iam.RolePolicy('p', role='missing', name='p', policy='{}')",
            r"aws:iam/rolePolicy:RolePolicy 'p': .*missing",
        ),
        ("raise ValueError(\"service 'shoes' is unknown\")", "service 'shoes' is unknown"),
        (
            "[aws.sns.Topic('t', name=name) for name in ('a', 'b')]",
            "aws:sns/topic:Topic::t is registered twice",
        ),
        ("aws.get_ip_ranges(services=['ec2'])", "cannot answer aws:index/getIpRanges"),
        ("aws.dynamodb.Table.get('t', 'nowhere')", r"aws:dynamodb/table:Table 't': .*nowhere"),
        (
            f"aws.sns.Topic.get('t', '{TOPIC_ARN}news')",
            "aws:sns/topic:Topic 't': the local run cannot look up existing",
        ),
        (
            "aws.lambda_.Function('f', name='f', role='r', runtime='python3.13', code=pulumi.FileArchive('.'))",
            "takes function code as an AssetArchive",
        ),
        (
            "code = pulumi.AssetArchive({'a': pulumi.RemoteAsset('http://localhost')})\n"
            "aws.lambda_.Function('f', name='f', role='r', runtime='python3.13', code=code)",
            "a: RemoteAsset in an archive",
        ),
        (
            "aws.apigateway.MethodSettings('m', rest_api='a', stage_name='s', method_path='*/*', "
            "settings={'caching_enabled': True})",
            r"method settings \['cachingEnabled'\]: not known",
        ),
    ],
)
def test_error_names_the_resource_and_the_reason(run: Run, program: str, message: str) -> None:
    with pytest.raises(DeployError, match=message):
        run(program)


PUBLISHING = (
    ({"Action": "sns:Publish"}, {"Action": ["sns:Publish", "sns:PublishBatch"]}),
    ({"Action": ["sns:Publish", "a:B"]}, {"Action": ["sns:Publish", "a:B", "sns:PublishBatch"]}),
    ({"NotAction": ["sns:Publish"]}, {"NotAction": ["sns:Publish", "sns:PublishBatch"]}),
    ({"Action": ["sns:Subscribe"]}, {"Action": ["sns:Subscribe"]}),
)
"""Parts of statements, and what they are in the emulator."""


def test_permission_to_publish_includes_batches(run: Run, emulator: Emulator) -> None:
    allow = {"Effect": "Allow", "Resource": "*"}
    given, expected = ([{**allow, **pair[index]} for pair in PUBLISHING] for index in (0, 1))
    policies = {"all": given, **{f"p{number}": statement for number, statement in enumerate(given)}}
    documents = {name: json.dumps({"Version": "2012-10-17", "Statement": found}) for name, found in policies.items()}
    name = unique("role")
    run(f"""
        role = aws.iam.Role("r", name="{name}", assume_role_policy="{{}}")
        for name, policy in {documents!r}.items():
            aws.iam.RolePolicy(name, role=role.name, name=name, policy=policy)
    """)
    for policy, statements in {"all": expected, **{f"p{n}": found for n, found in enumerate(expected)}}.items():
        created = emulator.client("iam").get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"]
        assert created["Statement"] == statements


def test_what_a_failed_program_left_under_way_is_ended(run: Run) -> None:
    with pytest.raises(DeployError, match="enough"):
        run("import asyncio; asyncio.ensure_future(asyncio.sleep(60)); raise ValueError('enough')")
    assert run("pulumi.export('x', 1)") == {"x": 1}


def test_equal_names_under_parents_of_other_types_are_no_conflict(run: Run) -> None:
    a, b = unique("a"), unique("b")
    run(
        f"""
        for kind, name in (("x:y:A", "{a}"), ("x:y:B", "{b}")):
            parent = pulumi.ComponentResource(kind, "parent")
            aws.sns.Topic("t", name=name, opts=pulumi.ResourceOptions(parent=parent))
        """
    )
    assert run.made == ["t", "t"]


def test_what_the_emulator_lacks_is_listed_and_left_out(run: Run) -> None:
    run(
        """
        aws.appautoscaling.Target(
            "t", min_capacity=1, max_capacity=2, resource_id="table/x",
            scalable_dimension="dynamodb:table:ReadCapacityUnits", service_namespace="dynamodb",
        )
        """
    )
    assert run.engine.not_emulated == [("aws:appautoscaling/target:Target", "t")]


def test_transforms_run_on_children_too(run: Run, emulator: Emulator) -> None:
    name = unique("topic")
    arn = run(
        f"""
        def tagged(args):
            if args.type_ == "aws:sns/topic:Topic":
                return pulumi.ResourceTransformResult({{**args.props, "tags": {{"by": "transform"}}}}, args.opts)

        async def untouched(args):
            return None

        both = pulumi.ResourceOptions(transforms=[tagged, untouched])
        parent = pulumi.ComponentResource("x:y:Z", "parent", None, both)
        made = aws.sns.Topic("t", name="{name}", opts=pulumi.ResourceOptions(parent=parent))
        pulumi.export("arn", made.arn)
        """
    )["arn"]
    tags = emulator.client("sns").list_tags_for_resource(ResourceArn=arn)["Tags"]
    assert tags == [{"Key": "by", "Value": "transform"}]


STANDBY = """
from lib.components.data.table import Table, TableArgs
from lib.model import Key, Table as Described
from lib.settings import TableSettings

described = Described(name="t", variable="T", hash_key=Key("id"), stream="NEW_IMAGE", ttl="ends")
kept = TableSettings(replica_regions=("eu-west-3",), deletion_protection=True)
home = Table("home", TableArgs(name="{name}", table=described, settings=kept, tags={{"Owner": "desk"}}))
west = aws.Provider("west", region="eu-west-3")
there = Table(
    "there",
    TableArgs(name="{name}", table=described, settings=TableSettings(existing=True)),
    pulumi.ResourceOptions(provider=west, depends_on=[home.replicas["eu-west-3"]]),
)
for which, table in {{"home": home, "there": there}}.items():
    pulumi.export(which, {{"name": table.name, "arn": table.arn, "stream": table.stream_arn}})
"""


def test_a_replica_stands_in_its_region_and_a_standby_uses_it(run: Run, emulator: Emulator) -> None:
    name = unique("t")
    found = run(STANDBY.format(name=name))
    home, there = (emulator.client("dynamodb", region) for region in ("us-east-1", "eu-west-3"))
    home.put_item(TableName=name, Item={"id": {"S": "a"}})
    assert there.get_item(TableName=found["there"]["name"], Key={"id": {"S": "a"}})["Item"]
    table = there.describe_table(TableName=name)["Table"]
    assert found["there"] == {"name": name, "arn": table["TableArn"], "stream": table["LatestStreamArn"]}
    assert found["there"]["arn"] == found["home"]["arn"].replace("us-east-1", "eu-west-3")
    assert table["DeletionProtectionEnabled"]
    assert table["StreamSpecification"]["StreamViewType"] == "NEW_AND_OLD_IMAGES"
    assert there.list_tags_of_resource(ResourceArn=table["TableArn"])["Tags"] == [{"Key": "Owner", "Value": "desk"}]
    backups = there.describe_continuous_backups(TableName=name)["ContinuousBackupsDescription"]
    assert backups["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"] == "ENABLED"


def test_a_replica_goes_without_what_its_table_goes_without(run: Run, emulator: Emulator) -> None:
    name = unique("t")
    run(STANDBY.format(name=name).replace("deletion_protection=True", "point_in_time_recovery=False"))
    there = emulator.client("dynamodb", "eu-west-3")
    assert not there.describe_table(TableName=name)["Table"]["DeletionProtectionEnabled"]
    backups = there.describe_continuous_backups(TableName=name)["ContinuousBackupsDescription"]
    assert backups["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"] == "DISABLED"


BACKUP = """
from lib.components.data.backup import Backup, BackupArgs
from lib.settings import BackupSettings

settings = BackupSettings(retention_days=120, {more})
tables = ["arn:aws:dynamodb:us-east-1:000000000000:table/t"]
backup = Backup("b", BackupArgs(name="{name}", table_arns=tables, settings=settings))
pulumi.export("plan", backup.plan.id)
pulumi.export("vault", backup.vault.arn)
pulumi.export("role", backup.role.arn)
"""


def test_backups_have_their_vault_plan_and_selection(run: Run, emulator: Emulator) -> None:
    name = unique("b")
    far = "arn:aws:backup:eu-west-3:000000000000:backup-vault:far"
    found = run(BACKUP.format(name=name, more=f"cold_storage_after_days=30, copy_to_vault_arn='{far}'"))
    backup = emulator.client("backup")
    assert backup.describe_backup_vault(BackupVaultName=name)["BackupVaultArn"] == found["vault"]
    (rule,) = backup.get_backup_plan(BackupPlanId=found["plan"])["BackupPlan"]["Rules"]
    assert (rule["TargetBackupVaultName"], rule["ScheduleExpression"]) == (name, "cron(0 3 * * ? *)")
    lifecycle = {"DeleteAfterDays": 120, "MoveToColdStorageAfterDays": 30}
    assert rule["Lifecycle"] == lifecycle
    assert rule["CopyActions"] == [{"DestinationBackupVaultArn": far, "Lifecycle": lifecycle}]
    (selection,) = backup.list_backup_selections(BackupPlanId=found["plan"])["BackupSelectionsList"]
    assert selection["IamRoleArn"] == found["role"]


def test_a_backup_is_copied_nowhere_unless_it_should(run: Run, emulator: Emulator) -> None:
    found = run(BACKUP.format(name=unique("b"), more=""))
    (rule,) = emulator.client("backup").get_backup_plan(BackupPlanId=found["plan"])["BackupPlan"]["Rules"]
    assert not rule.get("CopyActions")


def test_the_programs_warnings_are_told_and_its_chatter_is_not(run: Run) -> None:
    run("pulumi.log.warn('careful'); pulumi.log.info('by the way'); pulumi.log.debug('psst')")
    assert run.told == ["careful"]


def test_what_is_not_asked_for_is_left_as_it_comes(run: Run, emulator: Emulator) -> None:
    name = unique("plain")
    run(
        f"""
        key = [{{"name": "id", "type": "S"}}]
        aws.dynamodb.Table("t", name="{name}", hash_key="id", attributes=key, billing_mode="PAY_PER_REQUEST")
        aws.cloudwatch.LogGroup("l", name="{name}")
        """
    )
    backups = emulator.client("dynamodb").describe_continuous_backups(TableName=name)["ContinuousBackupsDescription"]
    assert backups["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"] == "DISABLED"
    (group,) = emulator.client("logs").describe_log_groups(logGroupNamePrefix=name)["logGroups"]
    assert "retentionInDays" not in group


OWN_SERVICE = """
from lib.model import *
from lib.settings import *
from lib.tap_stack import TapStack, TapStackArgs

read = Grant(on="orders", actions=("Query",), indexes=("by-day",))
tell = Grant(on="news", actions=("Publish",))
service = Service(
    name="shop", title="Shop", description="A shop", name_pattern="{name}-{{type}}-{{environment}}",
    tables=(Table(
        name="orders", variable="ORDERS", hash_key=Key("id"), range_key=Key("line", "N"), stream="NEW_IMAGE",
        indexes=(Index(name="by-day", hash_key=Key("day"), range_key=Key("id"), projection="KEYS_ONLY"),
                 Index(name="by-state", hash_key=Key("state"))),
    ),),
    topics=(Topic(name="news", variable="NEWS"),),
    functions=(Function(
        name="api", handler="lib.services.items.handler.operations",
        routes=(Route(method="GET", path="/orders", operation="list_items", summary="List", grants=(read,)),),
        schedules=(Schedule(name="sweep", rate="rate(5 minutes)", operation="start", grants=(tell,)),),
    ),),
)
stack = TapStack("shop", TapStackArgs(
    service=service, environment_suffix="prod", table=TableSettings(deletion_protection=False),
    alarms=AlarmSettings(notification_email="a@example.com"),
))
for name, value in stack.outputs.items():
    pulumi.export(name, value)
"""


def test_a_service_of_ones_own_stands_in_prod(run: Run, emulator: Emulator) -> None:
    name = unique("shop")
    found = run(OWN_SERVICE.format(name=name))
    dynamodb = emulator.client("dynamodb")
    table: Any = dynamodb.describe_table(TableName=found["dynamodb_table_name"])["Table"]
    assert {index["IndexName"] for index in table["GlobalSecondaryIndexes"]} == {"by-day", "by-state"}
    assert table["ProvisionedThroughput"]["ReadCapacityUnits"] == 50
    assert table["StreamSpecification"]["StreamViewType"] == "NEW_IMAGE"
    targets = emulator.client("events").list_targets_by_rule(Rule=found["schedule_names"]["sweep"])["Targets"]
    assert targets[0]["Arn"] == found["lambda_function_arn"]
    reserved = emulator.client("lambda").get_function_concurrency(FunctionName=found["lambda_function_name"])
    assert reserved["ReservedConcurrentExecutions"] == 530
    mails = emulator.client("sns").list_subscriptions_by_topic(TopicArn=found["alarm_topic_arn"])["Subscriptions"]
    assert [mail["Endpoint"] for mail in mails] == ["a@example.com"]
    assert {type_ for type_, _ in run.engine.not_emulated} == {
        "aws:appautoscaling/target:Target",
        "aws:appautoscaling/policy:Policy",
    }
    assert found["api_key"]


def test_a_file_may_be_code(run: Run, emulator: Emulator) -> None:
    name = unique("f")
    run(
        f"""
        code = pulumi.AssetArchive({{"index.py": pulumi.FileAsset(__file__)}})
        role = aws.iam.Role("r", name="{name}", assume_role_policy="{{}}")
        aws.lambda_.Function("f", name="{name}", role=role.arn, runtime="python3.13", handler="index.h", code=code)
        """
    )
    assert emulator.client("lambda").get_function(FunctionName=name)["Configuration"]["CodeSize"] > 0


API = """
api = aws.apigateway.RestApi("a", name="{name}", endpoint_configuration={{"types": "REGIONAL"}})
method = aws.apigateway.Method(
    "m", rest_api=api.id, resource_id=api.root_resource_id, http_method="GET", authorization="NONE"
)
integration = aws.apigateway.Integration(
    "i", rest_api=api.id, resource_id=api.root_resource_id, http_method=method.http_method, type="MOCK",
    request_templates={{"application/json": '{{"statusCode": 200}}'}},
)
at = pulumi.ResourceOptions(depends_on=[integration])
deployment = aws.apigateway.Deployment("d", rest_api=api.id, opts=at)
pulumi.export("api", api.id)
"""


def test_stage_has_its_access_log_and_its_methods_settings(run: Run, emulator: Emulator) -> None:
    found = run(
        API.format(name=unique("api"))
        + """
log = {"destination_arn": "arn:aws:logs:us-east-1:000000000000:log-group:calls", "format": "$context.requestId"}
stage = aws.apigateway.Stage(
    "s", rest_api=api.id, deployment=deployment.id, stage_name="live", access_log_settings=log
)
settings = {"logging_level": "INFO", "data_trace_enabled": False, "metrics_enabled": True}
aws.apigateway.MethodSettings(
    "t", rest_api=api.id, stage_name=stage.stage_name, method_path="*/*", settings=settings
)
"""
    )
    client = emulator.client("apigateway")
    assert client.get_rest_api(restApiId=found["api"])["endpointConfiguration"]["types"] == ["REGIONAL"]
    stage = client.get_stage(restApiId=found["api"], stageName="live")
    assert stage["accessLogSettings"] == {
        "destinationArn": "arn:aws:logs:us-east-1:000000000000:log-group:calls",
        "format": "$context.requestId",
    }
    settings = stage["methodSettings"]["*/*"]
    assert (settings["loggingLevel"], settings["dataTraceEnabled"], settings["metricsEnabled"]) == ("INFO", False, True)


@pytest.mark.parametrize("base_path", ["v1", ""])
def test_domain_leads_to_a_stage(run: Run, emulator: Emulator, base_path: str) -> None:
    domain = f"{unique('a')}.example.com"
    found = run(
        API.format(name=unique("api"))
        + f"""
stage = aws.apigateway.Stage("s", rest_api=api.id, deployment=deployment.id, stage_name="live")
domain = aws.apigateway.DomainName(
    "n", domain_name="{domain}", regional_certificate_arn="arn:aws:acm:us-east-1:000000000000:certificate/1",
    endpoint_configuration={{"types": "REGIONAL"}}, security_policy="TLS_1_2",
)
aws.apigateway.BasePathMapping(
    "b", domain_name=domain.domain_name, rest_api=api.id, stage_name=stage.stage_name, base_path="{base_path}" or None
)
pulumi.export("target", [domain.regional_domain_name, domain.regional_zone_id])
"""
    )
    client = emulator.client("apigateway")
    made = client.get_domain_name(domainName=domain)
    assert (made["securityPolicy"], made["endpointConfiguration"]["types"]) == ("TLS_1_2", ["REGIONAL"])
    assert found["target"] == [made["regionalDomainName"], made["regionalHostedZoneId"]]
    (mapping,) = client.get_base_path_mappings(domainName=domain)["items"]
    assert mapping == {"basePath": base_path or "(none)", "restApiId": found["api"], "stage": "live"}


def test_account_has_the_role_that_apis_log_with(run: Run, emulator: Emulator) -> None:
    arn = "arn:aws:iam::000000000000:role/logs"
    run(f"aws.apigateway.Account('a', cloudwatch_role_arn='{arn}')")
    assert emulator.client("apigateway").get_account()["cloudwatchRoleArn"] == arn


def test_parameter_has_its_value_tags_and_arn(run: Run, emulator: Emulator) -> None:
    name = f"/post/{unique('dev')}/config"
    found = run(
        f"""
        made = aws.ssm.Parameter(
            "p", name="{name}", type="String", value="7", description="Of the post.", tags={{"Owner": "post"}}
        )
        pulumi.export("arn", made.arn)
        """
    )
    client = emulator.client("ssm")
    parameter = client.get_parameter(Name=name)["Parameter"]
    assert (parameter["Value"], parameter["Type"], parameter["ARN"]) == ("7", "String", found["arn"])
    tags = client.list_tags_for_resource(ResourceType="Parameter", ResourceId=name)["TagList"]
    assert tags == [{"Key": "Owner", "Value": "post"}]


LAYERED = """
role = aws.iam.Role("r", name="{name}", assume_role_policy="{{}}")
words = pulumi.FileAsset("shop/words.py")
shared = {{"python/shop/__init__.py": pulumi.StringAsset(""), "python/shop/words.py": words}}
layer = aws.lambda_.LayerVersion(
    "l", layer_name="{name}", code=pulumi.AssetArchive(shared), compatible_runtimes=["python3.13"]
)
own = {{"index.py": pulumi.StringAsset("from shop import words\\ndef handler(event, context): return words.ONE")}}
aws.lambda_.Function(
    "f", name="{name}", role=role.arn, runtime="python3.13", handler="index.handler", code=pulumi.AssetArchive(own),
    layers=[layer.arn],
)
pulumi.export("layer", [layer.arn, layer.layer_arn, layer.version])
"""


@pytest.fixture(name="in_shop")
def working_folder_with_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file that a layer holds; the working folder is the one above it."""
    monkeypatch.chdir(tmp_path)
    Path("shop").mkdir()
    Path("shop/words.py").write_text("ONE = 1\n", encoding="utf-8")
    return Path("shop/words.py")


def test_function_runs_its_layer_and_a_saved_change_of_it_is_live(run: Run, emulator: Emulator, in_shop: Path) -> None:
    name = unique("layered")
    arn, without_version, version = run(LAYERED.format(name=name))["layer"]
    assert arn == f"{without_version}:{version}"
    client = emulator.client("lambda")
    assert json.load(client.invoke(FunctionName=name)["Payload"]) == 1
    told: list[str] = []
    watcher = Watcher(run.engine.archives, told.append)
    watcher.poll()
    assert not told
    in_shop.write_text("ONE = 2\n", encoding="utf-8")
    watcher.poll()
    assert told == [f"{name}: live with shop/words.py"]
    assert json.load(client.invoke(FunctionName=name)["Payload"]) == 2
