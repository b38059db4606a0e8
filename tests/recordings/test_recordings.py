"""Comparison of programs with their recordings, which detects changes of deployed resources.

The OpenAPI documents of the services are not part of the recordings. `make lint` compares the documents in `docs/` with
`python -m lib docs --check`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pulumi
import pulumi_aws as aws
import pytest

from lib.components.compute.function import Function, FunctionArgs
from lib.components.site.site import Site, SiteArgs
from lib.components.site.site_files import SiteFiles, SiteFilesArgs
from lib.model import Site as SiteDefinition
from lib.program.recorder import record
from lib.services import loadable
from lib.stack.config import OTHER_KEYS, config_keys

from . import files
from .programs import CONFIGS, DEPLOYMENTS
from .recording import MISSING, PROGRAM, Difference, Recording, differences, recording
from .report import report

pytestmark = [pytest.mark.slow, pytest.mark.untraced]

TOPIC = "urn:pulumi:test::tap::aws:sns/topic:Topic::{}".format


@pytest.mark.parametrize("name", DEPLOYMENTS)
def test_program_is_the_same_as_its_recording(name: str) -> None:
    if changes := differences(files.read(name), recording(DEPLOYMENTS[name]())):
        pytest.fail(report(name, changes), pytrace=False)


def test_every_recording_is_compared() -> None:
    assert files.names() == DEPLOYMENTS.keys()


def test_every_config_key_is_set_in_a_recording() -> None:
    assert {key for config in CONFIGS.values() for key in config} == {*config_keys(loadable()), *OTHER_KEYS}


def topics(*names: str, **inputs: Any) -> Recording:
    """Return the recording of a program with topics. The last one has `inputs`."""

    def program() -> None:
        for name in names[:-1]:
            aws.sns.Topic(name)
        aws.sns.Topic(names[-1], **inputs)
        pulumi.export("count", len(names))
        pulumi.log.warn(f"{names[-1]} is last")

    return recording(record(program))


def test_differences_in_every_part_of_a_recording_are_detected() -> None:
    recorded = topics("alarms", "orders", tags={"Owner": "us"}, display_name="Orders")
    registered = topics("changes", "alarms", "orders", tags={"Owner": "them"}, kms_master_key_id="alias/orders")
    assert differences(recorded, recorded) == []
    assert differences(recorded, registered) == [
        Difference(TOPIC("changes"), "", MISSING, "aws:sns/topic:Topic"),
        Difference(TOPIC("orders"), "inputs.displayName", "Orders", MISSING),
        Difference(TOPIC("orders"), "inputs.kmsMasterKeyId", MISSING, "alias/orders"),
        Difference(TOPIC("orders"), "inputs.tags.Owner", "us", "them"),
        Difference(PROGRAM, "exports.count", 2, 3),
    ]
    changes = differences(topics("alarms", "orders"), topics("orders", "alarms"))
    assert changes == [Difference(PROGRAM, "warnings[0]", "orders is last", "alarms is last")]


def test_secret_input_is_not_equal_to_a_plain_one() -> None:
    def secret() -> None:
        aws.sns.Topic("orders", display_name=pulumi.Output.secret("Orders"))

    def plain() -> None:
        aws.sns.Topic("orders", display_name="Orders")

    changes = differences(recording(record(plain)), recording(record(secret)))
    assert changes == [Difference(TOPIC("orders"), "secrets[0]", MISSING, "displayName")]


def test_files_of_a_function_are_not_compared() -> None:
    def function(path: str) -> Recording:
        args = FunctionArgs(
            name="desk", role_arn="arn:aws:iam::123456789012:role/desk", files={path: "handler = print"}
        )
        return recording(record(lambda: Function("desk", args)))

    assert function("index.py") == function("desk/index.py")


def test_built_pages_are_not_compared(tmp_path: Path) -> None:
    def pages() -> Recording:
        site = SiteDefinition(folder=tmp_path)

        def program() -> None:
            served = Site("pages", SiteArgs(name_prefix="post-", site=site))
            SiteFiles("pages", SiteFilesArgs(site=served, config={}))

        return recording(record(program))

    before = pages()
    for name in ("app.js", "index.html"):
        (tmp_path / name).write_text(name, encoding="utf-8")
    assert pages() == before


def test_report_contains_the_first_differences_and_the_command_to_update() -> None:
    policy = [f'{{"Statement": "{"x" * 500}{effect}{"y" * 500}"}}' for effect in ("Allow", "Deny")]
    urns = [TOPIC(number) for number in range(6)]
    message = report("items-dev", [Difference(urn, "inputs.policy", *policy) for urn in urns])
    assert "items-dev differs from its recording in 6 values; the first 5:" in message
    assert [urn for urn in urns if urn in message] == urns[:5]
    assert "    inputs.policy\n      recorded:   ...xxx" in message
    assert "xxxAllowyyy" in message
    assert "xxxDenyyyy" in message
    assert message.endswith("python -m tests.recordings.write items-dev")
