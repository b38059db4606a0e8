"""What the recorder answers, and what it keeps."""

from __future__ import annotations

from pathlib import Path

import pulumi
import pulumi_aws as aws
import pytest

from lib.program.recorder import record, recorded
from lib.stack.config import args_from_config
from lib.tap_stack import TapStack


def test_a_program_may_ask_where_it_is_and_nothing_else() -> None:
    places: list[str] = []
    record(lambda: places.append(aws.get_region().region))
    assert places == ["us-east-1"]
    with pytest.raises(AssertionError, match=r"aws:index/getIpRanges:getIpRanges was called"):
        record(lambda: aws.get_ip_ranges(services=["ec2"]))


def test_secrets_are_told_as_such_wherever_they_are() -> None:
    def program() -> None:
        secret = pulumi.Output.secret("correct horse")
        aws.sns.Topic("topic", name=secret, tags={"kept": secret, "told": "battery"})
        aws.cloudwatch.MetricAlarm(
            "alarm", comparison_operator="x", evaluation_periods=1, alarm_actions=[secret, "staple"]
        )

    made = record(program)
    assert made.only("sns.Topic").inputs["tags"] == {"kept": "correct horse", "told": "battery"}
    assert made.only("sns.Topic").told == {"name": "[secret]", "tags": {"kept": "[secret]", "told": "battery"}}
    assert made.only("cloudwatch.MetricAlarm").inputs["alarmActions"] == ["correct horse", "staple"]
    assert made.only("cloudwatch.MetricAlarm").told["alarmActions"] == ["[secret]", "staple"]


def test_options_are_recorded_as_the_engine_receives_them() -> None:
    former = "urn:pulumi:test::tap::aws:sns/topic:Topic::former"

    def program() -> None:
        first = aws.sns.Topic("first")
        options = pulumi.ResourceOptions(
            depends_on=[first],
            protect=True,
            retain_on_delete=True,
            ignore_changes=["tags"],
            aliases=[former],
            custom_timeouts=pulumi.CustomTimeouts(create="5m"),
        )
        aws.sns.Topic("second", name=first.name, opts=options)

    topics = record(program).of("sns.Topic")
    urn = topics["first"].urn
    assert topics["first"].options == {}
    assert topics["second"].options == {
        "aliases": [{"urn": former}],
        "customTimeouts": {"create": "5m"},
        "dependencies": [urn],
        "ignoreChanges": ["tags"],
        "propertyDependencies": {"name": {"urns": [urn]}},
        "protect": True,
        "retainOnDelete": True,
    }


def test_program_of_a_project_of_any_name_reads_its_configuration(tmp_path: Path) -> None:
    config = {"environment": "pr-7", "service": "inventory"}
    deployment = record(lambda: TapStack("tap", args_from_config()), config=config, project="shop")
    assert deployment.stack_outputs()["items_table_name"] == "inventory-items-pr-7"
    assert deployment.only("stack.TapStack").urn == "urn:pulumi:test::shop::tap:stack:TapStack::tap"
    program = tmp_path / "program.py"
    program.write_text(
        "import pulumi\npulumi.export('color', pulumi.Config('shop').require('color'))\n", encoding="utf-8"
    )
    assert recorded(program, {"color": "red"}, project="shop").exports == {"color": "red"}
