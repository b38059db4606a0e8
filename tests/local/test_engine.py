"""In-process deployment of programs."""

from __future__ import annotations

import gc
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
        # Custom domains have no DNS in the emulator.
        (
            "api = aws.apigateway.RestApi('a', disable_execute_api_endpoint=True)\n"
            "pulumi.export('x', api.disable_execute_api_endpoint)",
            {"x": False},
        ),
    ],
    ids=["resource output", "secrets and numbers", "config", "region", "endpoint stays enabled"],
)
def test_outputs_are_returned(run: Run, program: str, outputs: dict[str, Any]) -> None:
    assert run(program, color="red") == outputs


@pytest.mark.parametrize(
    ("program", "message"),
    [
        (
            "aws.kinesis.Stream('jobs')",
            r"Stream 'jobs': The local emulator does not support .* Add a provisioner to lib/local",
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
        ("aws.get_ip_ranges(services=['ec2'])", "does not support the data source aws:index/getIpRanges"),
        ("aws.dynamodb.Table.get('t', 'nowhere')", r"aws:dynamodb/table:Table 't': .*nowhere"),
        (
            f"aws.sns.Topic.get('t', '{TOPIC_ARN}news')",
            "aws:sns/topic:Topic 't': The local emulator cannot look up existing",
        ),
        (
            "aws.lambda_.Function('f', name='f', role='r', runtime='python3.13', code=pulumi.FileArchive('.'))",
            "code must be an AssetArchive, got FileArchive",
        ),
        (
            "code = pulumi.AssetArchive({'a': pulumi.RemoteAsset('http://localhost')})\n"
            "aws.lambda_.Function('f', name='f', role='r', runtime='python3.13', code=code)",
            "a must be a StringAsset, FileAsset or FileArchive, got RemoteAsset",
        ),
        (
            "aws.apigateway.MethodSettings('m', rest_api='a', stage_name='s', method_path='*/*', "
            "settings={'caching_enabled': True})",
            r"Method settings must be some of .*, got cachingEnabled",
        ),
    ],
)
def test_error_names_the_resource_and_the_reason(run: Run, program: str, message: str) -> None:
    with pytest.raises(DeployError, match=message):
        run(program)


def test_error_of_the_program_has_its_line(run: Run) -> None:
    with pytest.raises(DeployError, match=r"\.py:\d+: Route has no argument 'opration'\. Did you mean operation\?$"):
        run("from lib.model import Route; Route(opration='a')")


PUBLISH_STATEMENTS = (
    ({"Action": "sns:Publish"}, {"Action": ["sns:Publish", "sns:PublishBatch"]}),
    ({"Action": ["sns:Publish", "a:B"]}, {"Action": ["sns:Publish", "a:B", "sns:PublishBatch"]}),
    ({"NotAction": ["sns:Publish"]}, {"NotAction": ["sns:Publish", "sns:PublishBatch"]}),
    ({"Action": ["sns:Subscribe"]}, {"Action": ["sns:Subscribe"]}),
)
"""Parts of statements, with their form in the emulator."""


def test_permission_to_publish_includes_batches(run: Run, emulator: Emulator) -> None:
    allow = {"Effect": "Allow", "Resource": "*"}
    original, expected = ([{**allow, **pair[index]} for pair in PUBLISH_STATEMENTS] for index in (0, 1))
    policies = {"all": original, **{f"p{number}": statement for number, statement in enumerate(original)}}
    documents = {name: json.dumps({"Version": "2012-10-17", "Statement": each}) for name, each in policies.items()}
    name = unique("role")
    run(f"""
        role = aws.iam.Role("r", name="{name}", assume_role_policy="{{}}")
        for name, policy in {documents!r}.items():
            aws.iam.RolePolicy(name, role=role.name, name=name, policy=policy)
    """)
    for policy, statements in {"all": expected, **{f"p{n}": statement for n, statement in enumerate(expected)}}.items():
        created = emulator.client("iam").get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"]
        assert created["Statement"] == statements


@pytest.mark.filterwarnings("always")
def test_failed_program_leaves_no_coroutines(run: Run, recwarn: pytest.WarningsRecorder) -> None:
    program = """
    from lib.services import SERVICES
    from lib.tap_stack import TapStack, TapStackArgs
    failed = aws.lambda_.Permission("p", action="a", function="missing", principal="s3.amazonaws.com")
    TapStack("t", TapStackArgs(service=SERVICES["items"]), opts=pulumi.ResourceOptions(depends_on=[failed]))
    """
    with pytest.raises(DeployError, match="Function not found"):
        run(program)
    gc.collect()
    assert not [str(warning.message) for warning in recwarn if issubclass(warning.category, RuntimeWarning)]


def test_pending_tasks_of_a_failed_program_are_canceled(run: Run) -> None:
    with pytest.raises(DeployError, match="enough"):
        run("import asyncio; asyncio.ensure_future(asyncio.sleep(60)); raise ValueError('enough')")
    assert run("pulumi.export('x', 1)") == {"x": 1}


def test_same_name_under_parents_of_different_types_is_allowed(run: Run) -> None:
    a, b = unique("a"), unique("b")
    run(
        f"""
        for kind, name in (("x:y:A", "{a}"), ("x:y:B", "{b}")):
            parent = pulumi.ComponentResource(kind, "parent")
            aws.sns.Topic("t", name=name, opts=pulumi.ResourceOptions(parent=parent))
        """
    )
    assert run.created == ["t", "t"]


def test_resources_that_are_not_emulated_are_skipped_and_listed(run: Run) -> None:
    run(
        """
        aws.appautoscaling.Target(
            "t", min_capacity=1, max_capacity=2, resource_id="table/x",
            scalable_dimension="dynamodb:table:ReadCapacityUnits", service_namespace="dynamodb",
        )
        """
    )
    assert run.engine.not_emulated == [("aws:appautoscaling/target:Target", "t")]


def test_transforms_apply_to_children(run: Run, emulator: Emulator) -> None:
    name = unique("topic")
    arn = run(
        f"""
        def add_tags(args):
            if args.type_ == "aws:sns/topic:Topic":
                return pulumi.ResourceTransformResult({{**args.props, "tags": {{"by": "transform"}}}}, args.opts)

        async def keep_unchanged(args):
            return None

        options = pulumi.ResourceOptions(transforms=[add_tags, keep_unchanged])
        parent = pulumi.ComponentResource("x:y:Z", "parent", None, options)
        topic = aws.sns.Topic("t", name="{name}", opts=pulumi.ResourceOptions(parent=parent))
        pulumi.export("arn", topic.arn)
        """
    )["arn"]
    tags = emulator.client("sns").list_tags_for_resource(ResourceArn=arn)["Tags"]
    assert tags == [{"Key": "by", "Value": "transform"}]


STANDBY = """
from lib.components.data.table import Table, TableArgs
from lib.model import Key, Table as TableDefinition
from lib.settings import TableSettings

definition = TableDefinition(name="t", variable="T", hash_key=Key("id"), stream="NEW_IMAGE", ttl="ends")
table_settings = TableSettings(replica_regions=("eu-west-3",), deletion_protection=True)
home = Table("home", TableArgs(name="{name}", table=definition, settings=table_settings, tags={{"Owner": "desk"}}))
west = aws.Provider("west", region="eu-west-3")
replica = Table(
    "replica",
    TableArgs(name="{name}", table=definition, settings=TableSettings(existing=True)),
    pulumi.ResourceOptions(provider=west, depends_on=[home.replicas["eu-west-3"]]),
)
for label, table in {{"home": home, "replica": replica}}.items():
    pulumi.export(label, {{"name": table.name, "arn": table.arn, "stream": table.stream_arn}})
"""


def test_replica_is_created_in_its_region_and_used_by_a_standby(run: Run, emulator: Emulator) -> None:
    name = unique("t")
    outputs = run(STANDBY.format(name=name))
    home, replica = (emulator.client("dynamodb", region) for region in ("us-east-1", "eu-west-3"))
    home.put_item(TableName=name, Item={"id": {"S": "a"}})
    assert replica.get_item(TableName=outputs["replica"]["name"], Key={"id": {"S": "a"}})["Item"]
    table = replica.describe_table(TableName=name)["Table"]
    assert outputs["replica"] == {"name": name, "arn": table["TableArn"], "stream": table["LatestStreamArn"]}
    assert outputs["replica"]["arn"] == outputs["home"]["arn"].replace("us-east-1", "eu-west-3")
    assert table["DeletionProtectionEnabled"]
    assert table["StreamSpecification"]["StreamViewType"] == "NEW_AND_OLD_IMAGES"
    assert replica.list_tags_of_resource(ResourceArn=table["TableArn"])["Tags"] == [{"Key": "Owner", "Value": "desk"}]
    backups = replica.describe_continuous_backups(TableName=name)["ContinuousBackupsDescription"]
    assert backups["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"] == "ENABLED"


def test_disabled_features_of_a_table_are_disabled_on_its_replica(run: Run, emulator: Emulator) -> None:
    name = unique("t")
    run(STANDBY.format(name=name).replace("deletion_protection=True", "point_in_time_recovery=False"))
    replica = emulator.client("dynamodb", "eu-west-3")
    assert not replica.describe_table(TableName=name)["Table"]["DeletionProtectionEnabled"]
    backups = replica.describe_continuous_backups(TableName=name)["ContinuousBackupsDescription"]
    assert backups["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"] == "DISABLED"


BACKUP = """
from lib.components.data.backup import Backup, BackupArgs
from lib.settings import BackupSettings

settings = BackupSettings(retention_days=120, {arguments})
tables = ["arn:aws:dynamodb:us-east-1:000000000000:table/t"]
backup = Backup("b", BackupArgs(name="{name}", table_arns=tables, settings=settings))
pulumi.export("plan", backup.plan.id)
pulumi.export("vault", backup.vault.arn)
pulumi.export("role", backup.role.arn)
"""


def test_backup_has_vault_plan_and_selection(run: Run, emulator: Emulator) -> None:
    name = unique("b")
    copy_vault = "arn:aws:backup:eu-west-3:000000000000:backup-vault:far"
    outputs = run(BACKUP.format(name=name, arguments=f"cold_storage_after_days=30, copy_to_vault_arn='{copy_vault}'"))
    backup = emulator.client("backup")
    assert backup.describe_backup_vault(BackupVaultName=name)["BackupVaultArn"] == outputs["vault"]
    (rule,) = backup.get_backup_plan(BackupPlanId=outputs["plan"])["BackupPlan"]["Rules"]
    assert (rule["TargetBackupVaultName"], rule["ScheduleExpression"]) == (name, "cron(0 3 * * ? *)")
    lifecycle = {"DeleteAfterDays": 120, "MoveToColdStorageAfterDays": 30}
    assert rule["Lifecycle"] == lifecycle
    assert rule["CopyActions"] == [{"DestinationBackupVaultArn": copy_vault, "Lifecycle": lifecycle}]
    (selection,) = backup.list_backup_selections(BackupPlanId=outputs["plan"])["BackupSelectionsList"]
    assert selection["IamRoleArn"] == outputs["role"]


def test_backup_has_no_copies_by_default(run: Run, emulator: Emulator) -> None:
    outputs = run(BACKUP.format(name=unique("b"), arguments=""))
    (rule,) = emulator.client("backup").get_backup_plan(BackupPlanId=outputs["plan"])["BackupPlan"]["Rules"]
    assert not rule.get("CopyActions")


def test_only_warnings_and_errors_are_reported(run: Run) -> None:
    run("pulumi.log.warn('careful'); pulumi.log.info('by the way'); pulumi.log.debug('psst')")
    assert run.messages == ["careful"]


def test_unset_inputs_keep_the_defaults(run: Run, emulator: Emulator) -> None:
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


CUSTOM_SERVICE = """
from lib.model import *
from lib.settings import *
from lib.tap_stack import TapStack, TapStackArgs

read = Grant(on="orders", actions=("Query",), indexes=("by-day",))
publish = Grant(on="news", actions=("Publish",))
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
        schedules=(Schedule(name="sweep", rate="rate(5 minutes)", operation="start", grants=(publish,)),),
    ),),
)
stack = TapStack("shop", TapStackArgs(
    service=service, environment_suffix="prod", table=TableSettings(deletion_protection=False),
    alarms=AlarmSettings(notification_email="a@example.com"),
))
for name, value in stack.outputs.items():
    pulumi.export(name, value)
"""


def test_custom_service_is_deployed_in_prod(run: Run, emulator: Emulator) -> None:
    name = unique("shop")
    outputs = run(CUSTOM_SERVICE.format(name=name))
    dynamodb = emulator.client("dynamodb")
    table: Any = dynamodb.describe_table(TableName=outputs["dynamodb_table_name"])["Table"]
    assert {index["IndexName"] for index in table["GlobalSecondaryIndexes"]} == {"by-day", "by-state"}
    assert table["ProvisionedThroughput"]["ReadCapacityUnits"] == 50
    assert table["StreamSpecification"]["StreamViewType"] == "NEW_IMAGE"
    targets = emulator.client("events").list_targets_by_rule(Rule=outputs["schedule_names"]["sweep"])["Targets"]
    assert targets[0]["Arn"] == outputs["lambda_function_arn"]
    reserved = emulator.client("lambda").get_function_concurrency(FunctionName=outputs["lambda_function_name"])
    assert reserved["ReservedConcurrentExecutions"] == 530
    mails = emulator.client("sns").list_subscriptions_by_topic(TopicArn=outputs["alarm_topic_arn"])["Subscriptions"]
    assert [mail["Endpoint"] for mail in mails] == ["a@example.com"]
    assert {type_ for type_, _ in run.engine.not_emulated} == {
        "aws:appautoscaling/target:Target",
        "aws:appautoscaling/policy:Policy",
    }
    assert outputs["api_key"]


def test_file_asset_is_supported_as_code(run: Run, emulator: Emulator) -> None:
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
options = pulumi.ResourceOptions(depends_on=[integration])
deployment = aws.apigateway.Deployment("d", rest_api=api.id, opts=options)
pulumi.export("api", api.id)
"""


def test_stage_has_access_log_and_method_settings(run: Run, emulator: Emulator) -> None:
    outputs = run(
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
    assert client.get_rest_api(restApiId=outputs["api"])["endpointConfiguration"]["types"] == ["REGIONAL"]
    stage = client.get_stage(restApiId=outputs["api"], stageName="live")
    assert stage["accessLogSettings"] == {
        "destinationArn": "arn:aws:logs:us-east-1:000000000000:log-group:calls",
        "format": "$context.requestId",
    }
    settings = stage["methodSettings"]["*/*"]
    assert (settings["loggingLevel"], settings["dataTraceEnabled"], settings["metricsEnabled"]) == ("INFO", False, True)


@pytest.mark.parametrize("base_path", ["v1", ""])
def test_domain_is_mapped_to_a_stage(run: Run, emulator: Emulator, base_path: str) -> None:
    domain = f"{unique('a')}.example.com"
    outputs = run(
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
    domain_name = client.get_domain_name(domainName=domain)
    assert (domain_name["securityPolicy"], domain_name["endpointConfiguration"]["types"]) == ("TLS_1_2", ["REGIONAL"])
    assert outputs["target"] == [domain_name["regionalDomainName"], domain_name["regionalHostedZoneId"]]
    (mapping,) = client.get_base_path_mappings(domainName=domain)["items"]
    assert mapping == {"basePath": base_path or "(none)", "restApiId": outputs["api"], "stage": "live"}


def test_account_has_the_logging_role_of_api_gateway(run: Run, emulator: Emulator) -> None:
    arn = "arn:aws:iam::000000000000:role/logs"
    run(f"aws.apigateway.Account('a', cloudwatch_role_arn='{arn}')")
    assert emulator.client("apigateway").get_account()["cloudwatchRoleArn"] == arn


def test_parameter_has_value_tags_and_arn(run: Run, emulator: Emulator) -> None:
    name = f"/post/{unique('dev')}/config"
    outputs = run(
        f"""
        parameter = aws.ssm.Parameter(
            "p", name="{name}", type="String", value="7", description="Of the post.", tags={{"Owner": "post"}}
        )
        pulumi.export("arn", parameter.arn)
        """
    )
    client = emulator.client("ssm")
    parameter = client.get_parameter(Name=name)["Parameter"]
    assert (parameter["Value"], parameter["Type"], parameter["ARN"]) == ("7", "String", outputs["arn"])
    tags = client.list_tags_for_resource(ResourceType="Parameter", ResourceId=name)["TagList"]
    assert tags == [{"Key": "Owner", "Value": "post"}]


LAYERED = """
role = aws.iam.Role("r", name="{name}", assume_role_policy="{{}}")
words = pulumi.FileAsset("shop/words.py")
shared = {{"python/shop/__init__.py": pulumi.StringAsset(""), "python/shop/words.py": words}}
layer = aws.lambda_.LayerVersion(
    "l", layer_name="{name}", code=pulumi.AssetArchive(shared), compatible_runtimes=["python3.13"]
)
code = {{"index.py": pulumi.StringAsset("from shop import words\\ndef handler(event, context): return words.ONE")}}
aws.lambda_.Function(
    "f", name="{name}", role=role.arn, runtime="python3.13", handler="index.handler", code=pulumi.AssetArchive(code),
    layers=[layer.arn],
)
pulumi.export("layer", [layer.arn, layer.layer_arn, layer.version])
"""


@pytest.fixture(name="layer_file")
def layer_file_fixture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Source file of a layer, in a package in the working directory."""
    monkeypatch.chdir(tmp_path)
    Path("shop").mkdir()
    Path("shop/words.py").write_text("ONE = 1\n", encoding="utf-8")
    return Path("shop/words.py")


def test_function_imports_its_layer_and_reloads_a_changed_layer_file(
    run: Run, emulator: Emulator, layer_file: Path
) -> None:
    name = unique("layered")
    arn, without_version, version = run(LAYERED.format(name=name))["layer"]
    assert arn == f"{without_version}:{version}"
    client = emulator.client("lambda")
    assert json.load(client.invoke(FunctionName=name)["Payload"]) == 1
    messages: list[str] = []
    watcher = Watcher(run.engine.archives, messages.append)
    watcher.poll()
    assert not messages
    layer_file.write_text("ONE = 2\n", encoding="utf-8")
    watcher.poll()
    assert messages == [f"{name}: updated with shop/words.py"]
    assert json.load(client.invoke(FunctionName=name)["Payload"]) == 2
