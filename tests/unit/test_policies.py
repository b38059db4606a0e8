"""Policy documents."""

from __future__ import annotations

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
    assert policies.table_statement(TABLE, ["GetItem"])["Resource"] == TABLE


def test_table_statement_is_on_the_indexes_that_are_named() -> None:
    statement = policies.table_statement(TABLE, ["Query"], ["by-state", "by-owner"])
    assert statement["Action"] == ["dynamodb:Query"]
    assert statement["Resource"] == [TABLE, f"{TABLE}/index/by-state", f"{TABLE}/index/by-owner"]


def test_managed_policies_are_awss_own() -> None:
    for arn in (policies.BASIC_EXECUTION, policies.XRAY_WRITE, policies.API_GATEWAY_LOGS):
        assert arn.startswith("arn:aws:iam::aws:policy/")
