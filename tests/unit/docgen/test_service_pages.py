"""Pages of a service."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lib.docgen.service_pages import error_codes, functions, pages, permissions, routes
from lib.documents import iam
from lib.model import Parameter, Throttle
from lib.services import SERVICES
from lib.settings import FunctionSettings

from ...support.builders import (
    GALLERY,
    PARCELS,
    SWEEP,
    a_code,
    a_consumer,
    a_function,
    a_grant,
    a_route,
    a_secret,
    a_service,
    a_worker,
    an_authorizer,
    full_service,
    queue_service,
    service_with_apis,
    sharing,
)
from ...support.markdown import cells


@pytest.mark.parametrize(
    ("shared_type", "introduction"), [("", "of a deployment with `split_functions"), ("code", "of every")]
)
def test_page_of_permissions_has_the_deployments_with_its_functions(shared_type: str, introduction: str) -> None:
    service = a_service(shared_type=shared_type)
    assert f"\n\nThe functions {introduction}" in pages(service)["permissions.md"]


def test_page_of_permissions_states_the_functions_without_a_split() -> None:
    def introduction(*names: str) -> str:
        defined = tuple(a_function(a_route(path=f"/{name}", operation=name), name=name) for name in names)
        return pages(a_service(functions=defined))["permissions.md"].partition("By default ")[2].partition("\n")[0]

    assert introduction("desk") == "one function serves all routes."
    assert introduction("desk", "hooks") == "the functions are `desk`, `hooks`."


def test_routes_are_listed_with_their_input_and_responses() -> None:
    service = a_service(
        schemas={"Parcel": {}},
        functions=(
            a_function(
                a_route(query={"size": {}}, summary="List | all"),
                a_route(
                    method="POST", body="Parcel", responses={201: "Parcel"}, summary="Accept one", key_required=True
                ),
            ),
        ),
    )
    listing, accepting = routes(service).splitlines()[2:]
    assert (
        listing == r"| `GET` | `/parcels` | List \| all | `?size` | **200**; 400, 401, 403, 429, 500, 502, 503, 504 |"
    )
    assert accepting.startswith(
        "| `POST` | `/parcels` | Accept one (requires an API key) | `Parcel` | **201** `Parcel`; 4"
    )


def test_route_is_listed_with_its_throttle() -> None:
    route = a_route(summary="List", throttle=Throttle(rate_per_second=2.5, burst=5))
    (listing,) = routes(a_service(functions=(a_function(route),))).splitlines()[2:]
    assert listing.startswith("| `GET` | `/parcels` | List (throttle: 2.5 requests a second, burst 5) | ")


def test_route_is_listed_with_its_media_types_and_headers() -> None:
    route = a_route(
        method="PUT",
        content_types=("image/*",),
        query={"size": {}},
        additional_query=True,
        headers={"X-Limit": {}},
        responses={200: ("text/html", "image/*"), 404: None},
    )
    (line,) = routes(a_service(functions=(a_function(route),))).splitlines()[2:]
    assert "| `image/*`, `?size`, other parameters, `X-Limit:` | **200** `text/html` `image/*`, **404**; " in line


def test_error_codes_are_listed_with_their_status_and_meaning() -> None:
    service = a_service(functions=(a_function(a_route(codes=(a_code(),))),))
    rows = cells(error_codes(service))
    assert [row[0] for row in rows] == [
        "`INVALID_REQUEST`",
        "`UNAUTHORIZED`",
        "`FORBIDDEN`",
        "`TOO_HEAVY`",
        "`THROTTLED`",
        "`QUOTA_EXCEEDED`",
        "`SERVICE_UNAVAILABLE`",
    ]
    assert rows[3] == ["`TOO_HEAVY`", "409", "The parcel is too heavy. Send two parcels."]


def test_permissions_have_actions_resources_and_triggers_of_each_role() -> None:
    rows = cells(permissions(PARCELS))
    granted = [row for row in rows if row[0] == "`parcels-sweep-dev-role-…`"]
    where = "`parcels-parcels-dev/index/by-state`"
    assert granted[0] == ["`parcels-sweep-dev-role-…`", "`dynamodb:Query`", where, "", "`lost-parcels`"]
    assert granted[1][1:3] == ["`sns:Publish`", "`parcels-lost-dev`"]
    assert granted[2][1:3] == ["`sqs:SendMessage`", "`parcels-dead-letters-dev`"]
    assert [row[1] for row in granted[3:]] == [
        "`logs:CreateLogStream`, `logs:PutLogEvents`",
        "those of `AWSXRayDaemonWriteAccess`",
        ", ".join(f"`{action}`" for action in iam.allow_vpc_access()["Action"]),
    ]
    assert granted[3][2] == "`/aws/lambda/parcels-sweep-dev:*`"


def test_permissions_contain_those_of_consumers_and_on_queues() -> None:
    rows = {(row[1], row[2]): row[3:] for row in cells(permissions(queue_service())) if "worker" in row[0]}
    consumption = "`sqs:ReceiveMessage`, `sqs:DeleteMessage`, `sqs:GetQueueAttributes`"
    assert rows[consumption, "`shop-orders-dev`"] == ["consume its messages", "`fulfillment`"]
    assert rows[consumption, "`shop-steps-dev.fifo`"] == ["consume its messages", "`progress`"]
    assert rows["`sqs:SendMessage`", "`shop-steps-dev.fifo`"] == ["", "`fulfillment`"]
    failed_events = ["send failed events to the dead-letter queue", "`announcements`"]
    assert rows["`sqs:SendMessage`", "`shop-dead-letters-dev`"] == failed_events


def test_permissions_name_the_managed_policy_that_writes_logs() -> None:
    service = a_service(log_access="managed")
    rows = cells(permissions(service))
    assert [row[1:3] for row in rows if "BasicExecution" in row[1]] == [
        ["those of `AWSLambdaBasicExecutionRole`", "every log group"]
    ]
    assert not [row for row in rows if "logs:" in row[1]]


def test_permissions_have_the_partition_keys_that_they_are_limited_to() -> None:
    read = a_grant("parcels", "GetItem", keys=("tap#a#*", "tap#b"))
    search = a_grant("parcels", "Query", indexes=("by-state",))
    service = a_service(tables=PARCELS.tables, functions=(a_function(a_route(grants=(read, search))),))
    rows = cells(permissions(service))
    assert [row[1:3] for row in rows[:2]] == [
        ["`dynamodb:GetItem`", "`parcels-parcels-dev`, items `tap#a#*`, `tap#b`"],
        ["`dynamodb:Query`", "`parcels-parcels-dev/index/by-state`"],
    ]


def test_one_permission_for_several_routes_is_one_row() -> None:
    read = (a_grant("parcels", "GetItem"),)
    desk = a_function(a_route(grants=read), a_route(path="/letters", grants=read))
    rows = cells(permissions(a_service(functions=(desk,))))
    assert [row[4] for row in rows if "GetItem" in row[1]] == ["`GET /parcels`, `GET /letters`"]


def test_permissions_on_a_parameter_name_its_path() -> None:
    desk = a_function(a_route(grants=(a_grant("rates", "GetParameter"),)))
    service = a_service(parameters=(Parameter(name="rates", value={"letter": 1}),), functions=(desk,))
    row = cells(permissions(service))[0]
    assert row[1:3] == ["`ssm:GetParameter`", "`/parcels/dev/rates`"]


@pytest.mark.parametrize(
    ("store", "action", "name"),
    [
        ("ssm", "GetParameter", "/parcels/dev/token"),
        ("secretsmanager", "GetSecretValue", "parcels/dev/token"),
    ],
)
def test_permissions_on_a_secret_name_it_in_its_store(store: str, action: str, name: str) -> None:
    desk = a_function(a_route(grants=(a_grant("token", action),)))
    service = a_service(secrets=(a_secret(store=store),), functions=(desk,))
    row = cells(permissions(service))[0]
    assert row[1:3] == [f"`{store}:{action}`", f"`{name}`"]


def test_permissions_on_streams_and_dead_letter_queues_are_listed() -> None:
    rows = cells(permissions(full_service()))
    assert [row[1:] for row in rows if row[0] == "`yard-watch-dev-role-…`"][:3] == [
        ["`dynamodb:PutItem`", "`yard-notes-dev`", "", "`arrivals`"],
        [
            "`dynamodb:GetRecords`, `dynamodb:GetShardIterator`, `dynamodb:DescribeStream`, `dynamodb:ListStreams`",
            "`yard-parcels-dev/stream`",
            "read the changes of its items",
            "`arrivals`",
        ],
        [
            "`sqs:SendMessage`",
            "`yard-failures-dev`",
            "send failed events to the dead-letter queue",
            "`nightly`, `arrivals`",
        ],
    ]
    assert not [
        row for row in rows if row[0] == "`yard-desk-dev-role-…`" and ("sqs" in row[1] or "GetRecords" in row[1])
    ]


def test_service_without_a_queue_has_no_permission_on_one() -> None:
    assert "sqs:" not in permissions(replace(PARCELS, dead_letters=""))


def test_every_permission_of_the_services_has_a_reason() -> None:
    assert all(row[3] for service in SERVICES.values() for row in cells(permissions(service)))


def test_split_functions_are_listed_with_their_settings_and_permissions() -> None:
    alone = FunctionSettings(memory_mb=256, timeout_seconds=5, reserved_concurrency=20)
    read = a_route(operation="read_parcel", settings=alone, grants=(a_grant("parcels", "GetItem"),))
    service = a_service(
        functions=(a_function(read, schedules=SWEEP.schedules),), tables=PARCELS.tables, topics=PARCELS.topics
    )
    rows = cells(functions(service))
    may = "`dynamodb:Query` on `parcels` indexes `by-state`, `sns:Publish` on `lost`"
    other = "set by environment"
    assert rows == [
        ["`parcels-read-parcel-dev`", "`GET /parcels`", "256", "5", "20", "`dynamodb:GetItem` on `parcels`"],
        ["`parcels-report-lost-dev`", "`lost-parcels`", other, other, other, may],
    ]


def test_split_functions_have_the_keys_and_indexes_that_they_are_limited_to() -> None:
    read = a_grant("parcels", "GetItem", keys=("tap#a#*", "tap#b"))
    search = a_grant("parcels", "Query", indexes=("by-state", "by-owner"))
    service = a_service(tables=PARCELS.tables, functions=(a_function(a_route(grants=(read, search))),))
    (row,) = cells(functions(service))
    assert row[-1] == (
        "`dynamodb:GetItem` on `parcels` items `tap#a#*`, `tap#b`, "
        "`dynamodb:Query` on `parcels` indexes `by-state`, `by-owner`"
    )


def test_each_endpoint_has_its_table_and_its_document() -> None:
    files = pages(service_with_apis())
    assert {"openapi.json", "openapi-admin-api.json", "openapi-hooks.json"} <= files.keys()
    headings = [line for line in files["api.md"].splitlines() if line.startswith("### ")]
    assert headings[:3] == ["### REST API `api`", "### HTTP API `admin-api`", "### URL of the function `hooks`"]
    assert '<swagger-ui src="openapi-hooks.json"/>' in files["api.md"]


def test_worker_has_no_pages_of_an_api() -> None:
    assert pages(a_worker()).keys() == {"architecture.md", "permissions.md"}


def test_permissions_have_explicit_statements_with_their_reasons_and_conditions() -> None:
    rows = cells(permissions(a_worker()))
    condition = '{"StringEquals": {"ses:FromAddress": "shop@example.com"}}'
    assert rows[0][1:] == [
        "`ses:SendEmail`",
        f"`arn:{{partition}}:ses:{{region}}:{{account}}:identity/*` if `{condition}`",
        "send receipts",
        "`nightly`",
    ]
    (row,) = (row for row in cells(functions(a_worker())) if row[0] == "`jobs-get-item-dev`")
    assert row[-1] == "`ses:SendEmail` on `arn:{partition}:ses:{region}:{account}:identity/*`"


def test_permissions_name_existing_resources_as_the_definition_does() -> None:
    consumers = (a_consumer(table="orders"),)
    route = a_route(grants=(a_grant("orders", "GetItem"), a_grant("ops", "Publish")))
    rows = cells(permissions(sharing(functions=(a_function(route, consumers=consumers),))))
    assert [row[2] for row in rows[:3]] == ["`<orders>`", "`<ops>`", "`<orders>/stream`"]


def test_authorizers_are_listed_with_their_routes_and_permissions() -> None:
    gate = a_function(name="gate", routes=(), authorizers=(an_authorizer(grants=(a_grant("parcels", "GetItem"),)),))
    service = a_service(functions=(a_function(a_route(authorizer="token")), gate))
    assert "List parcels (authorizer `token`)" in routes(service)
    row = next(row for row in cells(permissions(service)) if row[1] == "`dynamodb:GetItem`")
    assert row[0].startswith("`parcels-gate-dev-role-")
    assert row[-1] == "`authorizer token`"


def test_permissions_on_buckets_and_event_buses_are_listed() -> None:
    rows = {row[1]: row[2] for row in cells(permissions(GALLERY)) if row[0] == "`gallery-desk-dev-role-…`"}
    assert rows["`s3:GetObject`"] == "`gallery-images-dev-…/thumbnails/*`"
    assert rows["`s3:ListBucket`"] == "`gallery-images-dev-…`, lists of `thumbnails/*`"
    assert rows["`s3:PutObject`"] == "`gallery-reports-dev-…/*`"
    assert rows["`events:PutEvents`"] == "`gallery-shop-dev`"
    listed = functions(GALLERY)
    assert (
        "`s3:GetObject` on `images` objects `thumbnails/*`, `s3:ListBucket` on `images` objects `thumbnails/*`"
        in listed
    )
