"""Policy documents."""

from __future__ import annotations

import pytest

from lib import policies

TABLE = "arn:aws:dynamodb:us-east-1:123456789012:table/parcels"


def test_trust_lets_one_service_take_the_role() -> None:
    assert policies.trust("lambda.amazonaws.com") == {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"},
        ],
    }


def test_document_holds_its_statements() -> None:
    statement = policies.allow("sns", ["Publish"], ["arn:topic"])
    assert policies.document(iter([statement])) == {"Version": "2012-10-17", "Statement": [statement]}


def test_actions_are_of_the_service_on_exactly_the_resources() -> None:
    assert policies.allow("sns", ["Publish", "Subscribe"], ["arn:a", "arn:b"]) == {
        "Effect": "Allow",
        "Action": ["sns:Publish", "sns:Subscribe"],
        "Resource": ["arn:a", "arn:b"],
    }


def test_table_statement_is_on_the_table_alone_without_indexes() -> None:
    assert policies.table_statement(TABLE, ["GetItem"]) == policies.allow("dynamodb", ["GetItem"], [TABLE])


@pytest.mark.parametrize("indexes", [["by-state"], ["by-state", "by-owner"]])
def test_table_statement_is_on_the_indexes_that_are_named_and_not_on_the_table(indexes: list[str]) -> None:
    arns = [f"{TABLE}/index/{index}" for index in indexes]
    assert policies.table_statement(TABLE, ["Query"], indexes) == policies.allow("dynamodb", ["Query"], arns)


@pytest.mark.parametrize("indexes", [[], ["by-state"]])
def test_table_statement_is_for_rows_with_the_partition_keys_that_are_named(indexes: list[str]) -> None:
    assert policies.table_statement(TABLE, ["Query"], indexes, ("tap#a#*", "tap#b")) == {
        **policies.table_statement(TABLE, ["Query"], indexes),
        "Condition": {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["tap#a#*", "tap#b"]}},
    }


def test_managed_policies_are_awss_own() -> None:
    for arn in (policies.BASIC_EXECUTION, policies.XRAY_WRITE, policies.API_GATEWAY_LOGS):
        assert arn.startswith("arn:aws:iam::aws:policy/")
