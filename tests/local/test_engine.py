"""Programs, deployed in this process."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from lib.local.emulator import Emulator
from lib.local.engine import DeployError

from .conftest import Run


def unique(kind: str) -> str:
    return f"{kind}-{uuid.uuid4().hex[:8]}"


def test_outputs_are_what_the_emulator_answered(run: Run) -> None:
    name = unique("topic")
    found = run(f"pulumi.export('arn', aws.sns.Topic('t', name='{name}').arn)")
    assert found == {"arn": f"arn:aws:sns:us-east-1:000000000000:{name}"}
    assert run.made == ["t"]


def test_secrets_come_out_in_the_clear_and_numbers_whole(run: Run) -> None:
    found = run("pulumi.export('all', {'s': pulumi.Output.secret('key'), 'n': [1, 2.5, None, True]})")
    assert found == {"all": {"s": "key", "n": [1, 2.5, None, True]}}


def test_config_reaches_the_program(run: Run) -> None:
    assert run("pulumi.export('x', pulumi.Config().require('colour'))", colour="red") == {"x": "red"}


def test_an_unknown_type_is_an_error_that_names_it(run: Run) -> None:
    with pytest.raises(DeployError, match=r"aws:sqs/queue:Queue 'jobs': the embedded run does not know"):
        run("aws.sqs.Queue('jobs')")


def test_what_aws_refuses_is_an_error_that_names_the_resource(run: Run) -> None:
    with pytest.raises(DeployError, match=r"aws:iam/rolePolicy:RolePolicy 'p': .*nobody"):
        run("aws.iam.RolePolicy('p', role='nobody', name='p', policy='{}')")


def test_a_program_that_raises_is_an_error_with_its_message(run: Run) -> None:
    with pytest.raises(DeployError, match="service 'shoes': give one of items"):
        run("raise ValueError(\"service 'shoes': give one of items\")")


def test_what_a_failed_program_left_under_way_is_ended(run: Run) -> None:
    with pytest.raises(DeployError, match="enough"):
        run("import asyncio; asyncio.ensure_future(asyncio.sleep(60)); raise ValueError('enough')")
    assert run("pulumi.export('x', 1)") == {"x": 1}


def test_one_urn_twice_is_an_error(run: Run) -> None:
    with pytest.raises(DeployError, match=r"aws:sns/topic:Topic::t: registered twice"):
        run(f"aws.sns.Topic('t', name='{unique('a')}'); aws.sns.Topic('t', name='{unique('b')}')")


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


def test_a_program_may_ask_where_it_is(run: Run) -> None:
    found = run("pulumi.export('region', aws.get_region().region)")
    assert found == {"region": "us-east-1"}


def test_a_question_without_an_answer_is_an_error(run: Run) -> None:
    with pytest.raises(DeployError, match="cannot answer aws:index/getIpRanges"):
        run("aws.get_ip_ranges(services=['ec2'])")


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
from lib.service import *
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
        name="api", handler="lib.services.items.handler.api",
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
    assert reserved["ReservedConcurrentExecutions"] == 100
    mails = emulator.client("sns").list_subscriptions_by_topic(TopicArn=found["alarm_topic_arn"])["Subscriptions"]
    assert [mail["Endpoint"] for mail in mails] == ["a@example.com"]
    assert {type_ for type_, _ in run.engine.not_emulated} == {
        "aws:appautoscaling/target:Target",
        "aws:appautoscaling/policy:Policy",
    }
    assert found["api_key"]


def test_code_that_is_no_asset_archive_is_an_error(run: Run) -> None:
    with pytest.raises(DeployError, match="takes function code as an AssetArchive"):
        run("aws.lambda_.Function('f', name='f', role='r', runtime='python3.13', code=pulumi.FileArchive('.'))")


def test_code_from_elsewhere_is_an_error_that_names_the_file(run: Run) -> None:
    with pytest.raises(DeployError, match="a: RemoteAsset in an archive"):
        run(
            """
            code = pulumi.AssetArchive({"a": pulumi.RemoteAsset("http://localhost")})
            aws.lambda_.Function("f", name="f", role="r", runtime="python3.13", code=code)
            """
        )


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


def test_a_setting_of_a_method_that_is_not_known_is_an_error(run: Run) -> None:
    with pytest.raises(DeployError, match=r"method settings \['loggingLevel'\]: not known"):
        run(
            """
            aws.apigateway.MethodSettings(
                "m", rest_api="a", stage_name="s", method_path="*/*", settings={"logging_level": "INFO"}
            )
            """
        )
