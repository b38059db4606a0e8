"""Tags: AWS's limits, keys that differ only in case, and the default tags of a service."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from lib.settings import CostSettings, NetworkSettings, check_tags, merge_tags
from lib.stack.args import TapStackArgs
from tests.support.builders import a_service

EXISTING_NETWORK = NetworkSettings(vpc="vpc-0a1b2c3d", private_subnet_ids=("subnet-0a1b2c3d", "subnet-1a1b2c3d"))
LETTERS = "letters, digits, spaces or + - = . _ : / @"


@pytest.mark.parametrize(
    "tags",
    [
        {"Cost center": "42", "a+b-c=d._:/@": "a+b-c=d._:/@"},
        {"Größe": "日本語", "Zahl": "½ ²", "space": "\u00a0\u2003"},
        {"k" * 128: "v" * 256, "Empty": ""},
        {"arn": "arn:aws:iam::123456789012:role/x", "laws:": "laws:"},
        {f"tag{number}": "x" for number in range(50)},
    ],
)
def test_tags_that_aws_accepts_are_accepted(tags: dict[str, str]) -> None:
    check_tags(tags)


@pytest.mark.parametrize(
    ("tags", "message"),
    [
        ({"": "x"}, f"tags keys must be 1 to 128 {LETTERS}, got ''."),
        ({"k" * 129: "x"}, f"tags keys must be 1 to 128 {LETTERS}, got '{'k' * 129}'."),
        ({"a\tb": "x"}, f"tags keys must be 1 to 128 {LETTERS}, got 'a\\tb'."),
        ({"e\u0301": "x"}, f"tags keys must be 1 to 128 {LETTERS}, got 'e\u0301'."),
        ({5: "x"}, f"tags keys must be 1 to 128 {LETTERS}, got 5."),
        ({"Owner": "v" * 257}, f"tags['Owner'] must be at most 256 {LETTERS}, got '{'v' * 257}'."),
        ({"Owner": "a\nb"}, f"tags['Owner'] must be at most 256 {LETTERS}, got 'a\\nb'."),
        ({"Owner": "a,b"}, f"tags['Owner'] must be at most 256 {LETTERS}, got 'a,b'."),
        ({"Owner": "\ud800"}, f"tags['Owner'] must be at most 256 {LETTERS}, got '\\ud800'."),
        ({"Owner": None}, f"tags['Owner'] must be at most 256 {LETTERS}, got None."),
        (
            {"AWS:Owner": "x"},
            "tags must not have keys or values that begin with 'aws:', got 'AWS:Owner'. AWS reserves this prefix: "
            "choose another.",
        ),
        (
            {"Owner": "aws:x"},
            "tags must not have keys or values that begin with 'aws:', got 'aws:x'. AWS reserves this prefix: choose "
            "another.",
        ),
        (
            {"project": "a", "Owner": "b", "PROJECT": "c"},
            "tags must not have keys that differ only in case, got 'project' and 'PROJECT'. IAM regards them as the "
            "same key: remove one.",
        ),
        (
            {f"tag{number}": "x" for number in range(51)},
            "tags must have at most 50 tags together with the default tags, got 51. Remove some.",
        ),
    ],
)
def test_tags_that_aws_rejects_are_rejected(tags: dict[Any, Any], message: str) -> None:
    with pytest.raises(ValueError) as error:  # noqa: PT011  # the whole message is compared
        check_tags(tags)
    assert str(error.value) == message


def test_tag_replaces_the_one_whose_key_differs_only_in_case() -> None:
    merged = merge_tags({"Project": "a", "Owner": "b"}, {"project": "c", "Team": "d"})
    assert list(merged.items()) == [("project", "c"), ("Owner", "b"), ("Team", "d")]


DEFAULTS = {"Environment": "pr-7", "Service": "parcels", "ManagedBy": "Pulumi"}
PROJECT = {"Project": "IaC-Nova-Test", "Owner": "LLM-Eval"}


@pytest.mark.parametrize(
    ("service", "tags"),
    [
        ("items", PROJECT),
        ("inventory", {**PROJECT, **DEFAULTS, "Service": "inventory"}),
        ("stock", {**PROJECT, **DEFAULTS, "Service": "stock"}),
        (a_service(), DEFAULTS),
        (a_service(default_tags={}), {}),
        (a_service(default_tags={"Name": "{service} in {environment}"}), {"Name": "parcels in pr-7"}),
    ],
    ids=["items", "inventory", "stock", "own service", "none", "own tags"],
)
def test_default_tags_are_those_of_the_service(service: Any, tags: dict[str, str]) -> None:
    assert TapStackArgs("pr-7", service=service).tags == tags
    assert TapStackArgs("pr-7", {"Team": "web"}, service=service).tags == {**tags, "Team": "web"}


def test_tags_of_the_arguments_override_the_default_tags_whatever_the_case() -> None:
    args = TapStackArgs("pr-7", {"service": "post", "Environment": "preview"}, service=a_service())
    assert args.tags == {"Environment": "preview", "service": "post", "ManagedBy": "Pulumi"}


def test_cost_allocation_tags_replace_tags_that_differ_only_in_case() -> None:
    args = TapStackArgs(tags={"service": "post"}, cost=CostSettings(allocation_tags=True))
    assert args.tags == {**PROJECT, "Service": "items", "Environment": "dev"}


def test_too_many_tags_together_with_the_default_tags_are_rejected() -> None:
    with pytest.raises(ValueError, match="at most 50 tags together with the default tags, got 51"):
        TapStackArgs(tags={f"tag{number}": "x" for number in range(49)})


def test_resources_of_a_network_have_one_tag_more() -> None:
    tags = {f"tag{number}": "x" for number in range(48)}
    assert len(TapStackArgs(tags=tags).all_tags) == 50
    message = "tags must have at most 50 tags together with the default tags and Name, got 51"
    for network in (NetworkSettings(vpc="create"), EXISTING_NETWORK):
        with pytest.raises(ValueError, match=message):
            TapStackArgs(tags=tags, network=network)
        named = {**{f"tag{number}": "x" for number in range(47)}, "Name": "x"}
        assert len(TapStackArgs(tags=named, network=network).all_tags) == 50
    assert TapStackArgs(tags={"name": "x"}, network=NetworkSettings(vpc="create")).all_tags["name"] == "x"


def test_replaced_arguments_get_the_default_tags_of_the_new_environment_and_service() -> None:
    args = TapStackArgs("dev", {"Team": "web"}, service=a_service())
    changed = replace(args, environment_suffix="pr-7")
    assert changed.tags == {**DEFAULTS, "Team": "web"}
    assert replace(changed, service="items").tags == {**PROJECT, "Team": "web"}
    assert replace(changed, tags={"Owner": "me"}).tags == {**DEFAULTS, "Owner": "me"}


@pytest.mark.parametrize(
    ("tags", "message"),
    [
        ({"Size": 7}, r"^Service 'parcels' default_tags\['Size'\] must be a string, got 7\.$"),
        ({"Region": "{region}"}, r"^service 'parcels' default_tags\['Region'\] must be at most .*, got '{region}'\.$"),
        ({"a": "x", "A": "x"}, "^service 'parcels' default_tags must not have keys that differ only in case"),
        ({"aws:x": "x"}, "^service 'parcels' default_tags must not have keys or values that begin with 'aws:'"),
    ],
)
def test_default_tags_are_checked_when_the_service_is_described(tags: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        a_service(default_tags=tags)
