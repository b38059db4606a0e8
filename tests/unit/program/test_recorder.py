"""Recordings of programs."""

from __future__ import annotations

from pathlib import Path

import pulumi
import pulumi_aws as aws
import pytest

from lib.program.recorder import record, record_file
from lib.stack.config import args_from_config
from lib.tap_stack import TapStack


def test_only_supported_data_sources_can_be_called() -> None:
    regions: list[str] = []
    record(lambda: regions.append(aws.get_region().region))
    assert regions == ["us-east-1"]
    with pytest.raises(AssertionError, match=r"no result for aws:index/getIpRanges:getIpRanges\. Pass"):
        record(lambda: aws.get_ip_ranges(services=["ec2"]))


def test_serialized_inputs_mark_secrets_at_any_depth() -> None:
    def program() -> None:
        secret = pulumi.Output.secret("correct horse")
        aws.sns.Topic("topic", name=secret, tags={"color": secret, "source": "battery"})
        aws.cloudwatch.MetricAlarm(
            "alarm", comparison_operator="x", evaluation_periods=1, alarm_actions=[secret, "staple"]
        )

    deployment = record(program)
    topic, alarm = deployment.single("sns.Topic"), deployment.single("cloudwatch.MetricAlarm")
    assert topic.inputs["tags"] == {"color": "correct horse", "source": "battery"}
    assert topic.serialized_inputs == {"name": "[secret]", "tags": {"color": "[secret]", "source": "battery"}}
    assert alarm.inputs["alarmActions"] == ["correct horse", "staple"]
    assert alarm.serialized_inputs["alarmActions"] == ["[secret]", "staple"]


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

    topics = record(program).by_kind("sns.Topic")
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


def test_config_is_read_from_the_namespace_of_the_project(tmp_path: Path) -> None:
    config = {"environment": "pr-7", "service": "inventory"}
    deployment = record(lambda: TapStack("tap", args_from_config()), config=config, project="shop")
    assert deployment.stack_outputs()["items_table_name"] == "inventory-items-pr-7"
    assert deployment.single("stack.TapStack").urn == "urn:pulumi:test::shop::tap:stack:TapStack::tap"
    program = tmp_path / "program.py"
    program.write_text(
        "import pulumi\npulumi.export('color', pulumi.Config('shop').require('color'))\n", encoding="utf-8"
    )
    assert record_file(program, {"color": "red"}, project="shop").exports == {"color": "red"}
