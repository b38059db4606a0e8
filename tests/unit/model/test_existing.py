"""Existing resources, explicit IAM statements, and local indexes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from lib.model import Index, Key, LocalIndex, Site, Statement
from lib.model.existing import check_place, name_from_arn
from tests.support.builders import (
    PAGES,
    SEND_RECEIPTS,
    a_function,
    a_grant,
    a_route,
    a_schedule,
    a_service,
    a_table,
    a_worker,
    an_alarm,
    sharing,
)

TABLE_ARN = "arn:aws-us-gov:dynamodb:us-gov-west-1:123456789012:table/shop.orders-dev"


def a_statement(**changes: Any) -> Statement:
    return Statement(**{"actions": ("ses:SendEmail",), "resources": ("*",), "reason": "send receipts", **changes})


@pytest.mark.parametrize(
    ("kind", "arn", "name"),
    [
        ("table", TABLE_ARN, "shop.orders-dev"),
        ("topic", "arn:aws-cn:sns:cn-north-1:123456789012:ops_alarms", "ops_alarms"),
    ],
)
def test_name_is_the_last_part_of_the_arn(kind: str, arn: str, name: str) -> None:
    assert name_from_arn(kind, "existing['orders']", arn) == name


@pytest.mark.parametrize(
    "arn",
    [
        "shop-orders",
        f"{TABLE_ARN}/index/by-state",
        f"{TABLE_ARN}/stream/2026-01-01T00:00:00.000",
        TABLE_ARN.replace("table/", "backup/"),
        TABLE_ARN.replace("123456789012", "12345"),
    ],
)
def test_other_arns_are_rejected(arn: str) -> None:
    with pytest.raises(ValueError, match=r"existing\['orders'\] must be the ARN of a table, got .* Example: arn:"):
        name_from_arn("table", "existing['orders']", arn)


@pytest.mark.parametrize(("region", "account"), [("us-gov-west-1", "123456789012"), ("", ""), ("us-gov-west-1", "")])
def test_resource_in_the_region_and_account_of_the_stack_is_accepted(region: str, account: str) -> None:
    check_place("existing['orders']", TABLE_ARN, region, account)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"actions": ()}, r"actions must be a tuple of one or more strings, got \(\)"),
        (
            {"actions": "ses:SendEmail"},
            "actions must be a tuple of strings, got 'ses:SendEmail'. A tuple of",
        ),
        ({"actions": ("SendEmail",)}, "actions must be IAM actions with the prefix of their service, got 'SendEmail'"),
        ({"actions": ("ses:*",)}, r"actions must be IAM actions with the prefix of their service, got 'ses:\*'"),
        ({"actions": ("*",)}, r"actions must be IAM actions with the prefix of their service, got '\*'. List the"),
        ({"actions": ("ses:SendEmail", "sqs:SendMessage")}, "actions must be of one service, got ses, sqs. Use one"),
        ({"resources": ()}, r"resources must be a tuple of one or more strings, got \(\)"),
        ({"resources": "*"}, r"resources must be a tuple of strings, got '\*'"),
        ({"reason": " "}, "reason must be the purpose of the permission, got ' '"),
        ({"condition": {"StringEquals": "x"}}, "condition.* must be a mapping, got"),
        ({"resources": ("arn:{part}:ses",)}, r"placeholders must be among \{partition\}, .*\[NAME\]\}, got \{part\}"),
        ({"resources": ("{existing[Mailer]}",)}, r"placeholders must be among .*, got \{existing\[Mailer\]\}"),
        ({"condition": {"StringLike": {"a:b": ["{x}"]}}}, r"placeholders must be among .*, got \{x\}"),
    ],
)
def test_invalid_statement_is_rejected(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=f"^[Ss]tatement ('ses:SendEmail' )?{message}"):
        a_statement(**changes)


def test_placeholders_are_filled_except_for_policy_variables() -> None:
    statement = a_statement(
        actions=("s3:GetObject", "s3:List*"),
        resources=("{existing[files]}/${aws:username}/{environment}",),
        condition={"StringEquals": {"aws:ResourceAccount": "{account}", "s3:ExistingObjectTag/n": ["{region}", 1]}},
    )
    filled = statement.filled({"existing[files]": "arn:a", "environment": "dev", "account": "1", "region": "r"})
    assert filled.resources == ("arn:a/${aws:username}/dev",)
    assert filled.condition == {"StringEquals": {"aws:ResourceAccount": "1", "s3:ExistingObjectTag/n": ["r", 1]}}
    assert statement.existing() == ["files"]


def test_equal_statements_of_several_operations_are_listed_once() -> None:
    routes = (a_route(grants=(SEND_RECEIPTS,)), a_route(method="POST", grants=(replace(SEND_RECEIPTS), a_statement())))
    function = a_function(*routes, schedules=(a_schedule(grants=(a_grant("parcels", "GetItem"), a_statement())),))
    assert function.statements() == [SEND_RECEIPTS, a_statement()]
    assert function.grants() == [a_grant("parcels", "GetItem")]
    other = a_function(a_route(method="PATCH", grants=(a_statement(),)), name="clerk")
    assert a_service(functions=(function, other)).statements() == function.statements()


def test_service_names_the_arns_that_it_needs() -> None:
    statement = a_statement(resources=("{existing[mailer]}",))
    assert sharing(statement).existing_names() == {"orders", "ops", "mailer"}
    assert not a_worker().existing_names()


@pytest.mark.parametrize("value", [3, None, True, b"a"])
def test_variable_must_be_a_string_or_an_output(value: Any) -> None:
    with pytest.raises(ValueError, match=r"function 'desk' variables\['QUEUE'\] must be a string or an Output, got "):
        a_function(variables={"QUEUE": value})


def test_service_without_routes_has_no_site() -> None:
    with pytest.raises(ValueError, match=r"site must be None without routes, got 'site'. A site calls the API of its"):
        a_worker(site=Site(folder=PAGES))


@pytest.mark.parametrize("on", ["api", "table orders", "lambda clerk", "index jobs/by-state", "topic ops"])
def test_alarm_on_a_resource_that_the_service_does_not_have_is_rejected(on: str) -> None:
    with pytest.raises(ValueError, match=f"on must be exactly one of dead-letters, worker, lambda worker, got '{on}'"):
        a_worker(alarms=(an_alarm(on=on),))


def test_grant_in_a_service_without_resources_is_rejected() -> None:
    schedule = a_schedule(grants=(a_grant("orders", "GetItem"),))
    with pytest.raises(ValueError, match="must be on one of none, because the service has no resources, got 'orders'"):
        a_worker(functions=(a_function(schedules=(schedule,)),))


def by_weight(**changes: Any) -> LocalIndex:
    return LocalIndex(**{"name": "by-weight", "range_key": Key("weight", "N"), **changes})


@pytest.mark.parametrize(
    ("define", "message"),
    [
        (lambda: by_weight(projection="INCLUDE"), r"index 'by-weight' attributes must be a tuple of distinct"),
        (lambda: by_weight(projection="INCLUDE", attributes="to"), "attributes must be a tuple of strings, got"),
        (lambda: by_weight(projection="INCLUDE", attributes=("to", "to")), "must be a tuple of distinct names"),
        (lambda: by_weight(attributes=("to",)), "attributes must be empty unless the projection is INCLUDE, got"),
        (lambda: a_table(local_indexes=(by_weight(),)), "'parcels' range_key must be set for local_indexes, got"),
        (lambda: composite(by_weight(), by_weight()), "'parcels' index must be unique, got 'by-weight'"),
        (lambda: composite(*(by_weight(name=f"l{n}") for n in range(6))), "local_indexes must be at most 5, got 6"),
        (lambda: composite(by_weight(range_key=Key("at"))), "local index 'by-weight' range_key must differ from"),
        (lambda: composite(by_weight(range_key=Key("at", "N"))), "key 'at' must have one type in the table"),
        (
            lambda: composite(by_weight(projection="INCLUDE", attributes=("id",))),
            "index 'by-weight' attributes must not contain keys, got 'id'. Remove it",
        ),
        (
            lambda: a_table(indexes=(Index(name="i", hash_key=Key("a"), projection="INCLUDE", attributes=("a",)),)),
            "index 'i' attributes must not contain keys, got 'a'",
        ),
    ],
)  # fmt: skip
def test_invalid_index_is_rejected(define: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        define()


def composite(*local_indexes: LocalIndex) -> Any:
    return a_table(range_key=Key("at"), local_indexes=local_indexes)


def test_key_of_another_index_can_be_included() -> None:
    other = Index(name="by-state", hash_key=Key("state"))
    table = replace(composite(by_weight(projection="INCLUDE", attributes=("state",))), indexes=(other,))
    assert table.index_names() == ["by-state", "by-weight"]
