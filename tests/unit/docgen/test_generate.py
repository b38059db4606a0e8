"""The generated documents."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lib.cli import main
from lib.docgen.generate import files, filled, outdated, sections, write
from lib.documents import iam
from lib.model import Parameter, Throttle
from lib.services import SERVICES, loadable
from lib.settings import ApiSettings, FunctionSettings, Settings
from lib.settings.environments import ENVIRONMENTS
from lib.stack.config import OTHER_KEYS, config_keys

from ...support.builders import (
    PARCELS,
    SWEEP,
    a_code,
    a_function,
    a_grant,
    a_metric,
    a_route,
    a_secret,
    a_service,
    a_yard,
)

pytestmark = pytest.mark.slow

EMPTY = "<!-- generated:{0} -->\n<!-- /generated:{0} -->"


def cells(section: str) -> list[list[str]]:
    """The rows of a section's table, without its head."""
    lines = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines[2:]]


@pytest.fixture(name="written")
def a_written_folder(tmp_path: Path) -> Path:
    """A folder with a README, for which everything was generated."""
    (tmp_path / "README.md").write_text(f"# Ours\n{EMPTY.format('environments')}\nThe end.\n", encoding="utf-8")
    write(outdated(tmp_path))
    return tmp_path


def test_what_is_committed_is_up_to_date() -> None:
    assert main(["docs", "--check"]) == 0


def test_every_service_gets_its_documents(written: Path) -> None:
    made = {path.relative_to(written).as_posix() for path in written.glob("docs/**/*.*")}
    assert made == {f"docs/{name}/{file}" for name in SERVICES for file in ("openapi.json", "architecture.md")}
    assert json.loads((written / "docs/items/openapi.json").read_text(encoding="utf-8"))["info"]["title"] == "Items"


def test_only_what_is_between_markers_changes_in_the_readme(written: Path) -> None:
    text = (written / "README.md").read_text(encoding="utf-8")
    assert text.startswith("# Ours\n<!-- generated:environments -->\n| Figure |")
    assert text.endswith("\n<!-- /generated:environments -->\nThe end.\n")


def test_files_that_were_just_written_are_not_outdated(written: Path) -> None:
    assert not outdated(written)


@pytest.mark.parametrize("name", ["README.md", "docs/items/openapi.json", "docs/items/architecture.md"])
@pytest.mark.untraced
def test_changed_files_are_outdated(written: Path, name: str) -> None:
    generated = (written / name).read_text(encoding="utf-8")
    (written / name).write_text(generated.replace("items", "things"), encoding="utf-8")
    assert outdated(written) == {written / name: generated}


def test_missing_files_are_outdated(tmp_path: Path) -> None:
    assert tmp_path / "docs/items/openapi.json" in outdated(tmp_path)
    assert not any(tmp_path.iterdir())


def test_a_folder_without_a_readme_gets_none(tmp_path: Path) -> None:
    assert tmp_path / "README.md" not in files(tmp_path, SERVICES)


def test_markers_of_other_names_and_without_an_end_are_left_alone() -> None:
    text = f"{EMPTY.format('other')} <!-- generated:ours -->"
    assert filled(text, {"ours": "new"}) == text


def test_a_section_is_replaced_not_repeated() -> None:
    once = filled(EMPTY.format("ours"), {"ours": "old"})
    assert filled(once, {"ours": "new"}) == "<!-- generated:ours -->\nnew\n<!-- /generated:ours -->"


def test_the_api_lists_every_route_with_what_it_takes_and_answers() -> None:
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
    listing, accepting = sections({"parcels": service})["api-parcels"].splitlines()[2:]
    assert (
        listing == r"| `GET` | `/parcels` | List \| all | `?size` | **200**; 400, 401, 403, 429, 500, 502, 503, 504 |"
    )
    assert accepting.startswith(
        "| `POST` | `/parcels` | Accept one (an API key at least) | `Parcel` | **201** `Parcel`; 4"
    )


def test_the_api_lists_the_throttle_of_a_route() -> None:
    route = a_route(summary="List", throttle=Throttle(rate_per_second=2.5, burst=5))
    (listing,) = sections({"parcels": a_service(functions=(a_function(route),))})["api-parcels"].splitlines()[2:]
    assert listing.startswith("| `GET` | `/parcels` | List (at most 2.5 requests a second, 5 at once) | ")


def test_codes_are_listed_with_their_status_and_what_they_mean() -> None:
    service = a_service(functions=(a_function(a_route(codes=(a_code(),))),))
    rows = cells(sections({"parcels": service})["codes-parcels"])
    assert [row[0] for row in rows] == [
        "`INVALID_REQUEST`",
        "`UNAUTHORIZED`",
        "`FORBIDDEN`",
        "`TOO_HEAVY`",
        "`THROTTLED`",
        "`QUOTA_EXCEEDED`",
        "`SERVICE_UNAVAILABLE`",
    ]
    assert rows[3] == ["`TOO_HEAVY`", "409", "Nobody can lift it: send two."]


def test_scopes_are_listed_with_their_routes_and_what_is_open_to_all() -> None:
    routes = (a_route(), a_route(path="/parcels/{id}"), a_route(path="/hours", scope=""))
    rows = cells(sections({"parcels": a_service(functions=(a_function(*routes),))})["scopes"])
    assert rows == [
        ["`parcels`", "`read`", "`GET /parcels`, `GET /parcels/{id}`"],
        ["`parcels`", "none", "`GET /hours`"],
    ]


def test_metrics_of_every_service_are_listed_once_with_what_emits_them() -> None:
    lost = a_metric(name="Lost", unit="Percent", description="Of all")
    sorting = a_function(a_route(path="/sorted", operation="sort", metrics=(a_metric(), lost)), name="sorting")
    service = a_service(functions=(a_function(a_route(metrics=(a_metric(),))), sorting))
    assert cells(sections({"parcels": service, "yard": a_yard()})["metrics"]) == [
        ["`parcels`", "`Arrivals`", "Count", "Parcels that came", "`list_parcels`, `sort`"],
        ["`parcels`", "`Lost`", "Percent", "Of all", "`sort`"],
        ["`yard`", "`Arrivals`", "Count", "Parcels that came", "`count`, `greet`"],
    ]


def test_permissions_say_what_each_role_may_where_and_for_whom() -> None:
    rows = cells(sections({"parcels": PARCELS})["permissions-parcels"])
    granted = [row for row in rows if row[0] == "`parcels-sweep-dev-role-…`"]
    where = "`parcels-parcels-dev/index/by-state`"
    assert granted[0] == ["`parcels-sweep-dev-role-…`", "`dynamodb:Query`", where, "", "`lost-parcels`"]
    assert granted[1][1:3] == ["`sns:Publish`", "`parcels-lost-dev`"]
    assert [row[1] for row in granted[2:]] == [
        "`logs:CreateLogStream`, `logs:PutLogEvents`",
        "what `AWSXRayDaemonWriteAccess` allows",
        ", ".join(f"`{action}`" for action in iam.vpc_access()["Action"]),
    ]
    assert granted[2][2] == "`/aws/lambda/parcels-sweep-dev:*`"


def test_permissions_name_the_managed_policy_that_writes_logs() -> None:
    service = a_service(log_access="managed")
    rows = cells(sections({"parcels": service})["permissions-parcels"])
    assert [row[1:3] for row in rows if "BasicExecution" in row[1]] == [
        ["what `AWSLambdaBasicExecutionRole` allows", "every log group"]
    ]
    assert not [row for row in rows if "logs:" in row[1]]


def test_permissions_say_which_rows_they_are_for() -> None:
    read = a_grant("parcels", "GetItem", keys=("tap#a#*", "tap#b"))
    search = a_grant("parcels", "Query", indexes=("by-state",))
    service = a_service(tables=PARCELS.tables, functions=(a_function(a_route(grants=(read, search))),))
    rows = cells(sections({"parcels": service})["permissions-parcels"])
    assert [row[1:3] for row in rows[:2]] == [
        ["`dynamodb:GetItem`", "`parcels-parcels-dev`, rows `tap#a#*`, `tap#b`"],
        ["`dynamodb:Query`", "`parcels-parcels-dev/index/by-state`"],
    ]


def test_one_permission_for_several_routes_is_one_row() -> None:
    read = (a_grant("parcels", "GetItem"),)
    desk = a_function(a_route(grants=read), a_route(path="/letters", grants=read))
    rows = cells(sections({"parcels": a_service(functions=(desk,))})["permissions-parcels"])
    assert [row[4] for row in rows if "GetItem" in row[1]] == ["`GET /parcels`, `GET /letters`"]


def test_permissions_on_a_parameter_name_its_path() -> None:
    desk = a_function(a_route(grants=(a_grant("rates", "GetParameter"),)))
    service = a_service(parameters=(Parameter(name="rates", value={"letter": 1}),), functions=(desk,))
    row = cells(sections({"parcels": service})["permissions-parcels"])[0]
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
    row = cells(sections({"parcels": service})["permissions-parcels"])[0]
    assert row[1:3] == [f"`{store}:{action}`", f"`{name}`"]


def test_the_owner_of_a_key_is_told_what_its_policy_must_say() -> None:
    told = sections({})["key-policy"].removeprefix("```json\n").removesuffix("\n```")
    users = {*iam.KEY_VIA, *iam.KEY_USERS}
    assert json.loads(told) == iam.key_statements("111122223333", "us-east-1", users)


def test_permissions_to_read_a_stream_and_to_leave_what_failed_are_told() -> None:
    rows = cells(sections({"yard": a_yard()})["permissions-yard"])
    assert [row[1:] for row in rows if row[0] == "`yard-watch-dev-role-…`"][:3] == [
        ["`dynamodb:PutItem`", "`yard-notes-dev`", "", "`arrivals`"],
        [
            "`dynamodb:GetRecords`, `dynamodb:GetShardIterator`, `dynamodb:DescribeStream`, `dynamodb:ListStreams`",
            "`yard-parcels-dev/stream`",
            "hear of its changes",
            "`arrivals`",
        ],
        ["`sqs:SendMessage`", "`yard-failures-dev`", "leave what failed for good", "`nightly`, `arrivals`"],
    ]
    assert not [
        row for row in rows if row[0] == "`yard-desk-dev-role-…`" and ("sqs" in row[1] or "GetRecords" in row[1])
    ]


def test_a_service_without_a_queue_leaves_nothing_in_one() -> None:
    assert "sqs:" not in sections({"parcels": PARCELS})["permissions-parcels"]


def test_every_permission_of_the_services_has_a_reason() -> None:
    found = sections(SERVICES)
    assert all(row[3] for name in SERVICES for row in cells(found[f"permissions-{name}"]))


def test_configuration_lists_every_key_with_what_it_takes() -> None:
    rows = {row[0].strip("`"): row[1:] for row in cells(sections({})["configuration"])}
    assert set(rows) == {*OTHER_KEYS, *config_keys(loadable())}
    assert rows["audit_reads"] == [
        "inventory: Reads leave an audit row, too: a write unit and no time, as it is written beside the read. "
        "(`inventory.audit_reads`)",
        "True or False; default: True",
    ]
    assert rows["lambda_memory_size"] == [
        "Memory; processor time comes in proportion. (`function.memory_mb`)",
        "a whole number from 128 to 10240 MB",
    ]


def test_environments_show_every_figure_in_every_row() -> None:
    section = sections({})["environments"]
    assert section.splitlines()[0] == f"| Figure | Config key | {' | '.join(ENVIRONMENTS)} |"
    assert ["`function.memory_mb`", "`lambda_memory_size`", "128", "128", "256", "512"] in cells(section)
    assert ["`function.tracing`", "`tracing`", "no", "yes", "yes", "yes"] in cells(section)


def test_figures_that_a_service_has_of_its_own_are_noted() -> None:
    plain, own = a_service(), a_service(settings=Settings(api=ApiSettings(stage_name="live", cors_origin="")))
    assert sections({"parcels": plain})["environments"] == sections({})["environments"]
    note = "`parcels` has figures of its own in every environment: `api.stage_name` live, `api.cors_origin` none."
    assert sections({"parcels": own})["environments"].endswith(f"\n\n{note}")


def test_split_functions_are_listed_with_their_figures_and_what_they_may() -> None:
    alone = FunctionSettings(memory_mb=256, timeout_seconds=5, reserved_concurrency=20)
    read = a_route(operation="read_parcel", settings=alone, grants=(a_grant("parcels", "GetItem"),))
    service = a_service(
        functions=(a_function(read, schedules=SWEEP.schedules),), tables=PARCELS.tables, topics=PARCELS.topics
    )
    rows = cells(sections({"parcels": service})["functions-parcels"])
    may = "`dynamodb:Query` on `parcels` indexes `by-state`, `sns:Publish` on `lost`"
    other = "the environment's"
    assert rows == [
        ["`parcels-read-parcel-dev`", "`GET /parcels`", "256", "5", "20", "`dynamodb:GetItem` on `parcels`"],
        ["`parcels-report-lost-dev`", "`lost-parcels`", other, other, other, may],
    ]


def test_split_functions_say_which_rows_and_indexes_they_are_confined_to() -> None:
    read = a_grant("parcels", "GetItem", keys=("tap#a#*", "tap#b"))
    search = a_grant("parcels", "Query", indexes=("by-state", "by-owner"))
    service = a_service(tables=PARCELS.tables, functions=(a_function(a_route(grants=(read, search))),))
    (row,) = cells(sections({"parcels": service})["functions-parcels"])
    assert row[-1] == (
        "`dynamodb:GetItem` on `parcels` rows `tap#a#*`, `tap#b`, "
        "`dynamodb:Query` on `parcels` indexes `by-state`, `by-owner`"
    )


def test_controls_are_listed_with_all_of_their_names_and_what_mends_them() -> None:
    section = sections({})["controls"]
    assert section.startswith("### API Gateway\n\n| Control | What should be so | Severity | Of | What mends it |\n")
    assert ["SQS.1, CKV_AWS_27, SEC08-BP02", "A queue is encrypted", "medium", "`sqs.Queue`"] in [
        row[:4] for row in cells(section)
    ]


def test_waivers_are_listed_with_where_they_are_and_why() -> None:
    where = {row[0]: row[1] for row in cells(sections({})["waivers"])}
    assert where["APIGateway.2"] == "everywhere"
    assert where["CKV_AWS_276"] == "`dev`, `test`"
    assert where["Lambda.2"] == "`items`"
    assert where["CKV_AWS_59"] == "`stock`, where that is so"
    assert where["APIGateway.4"] == "where that is so, in stacks without `wafv2.WebAcl`"
    assert where["SNS.1"] == "in stacks without `kms.Key` or output `key_arn`"
    assert "`dev`, `test`, except `stock`" in {row[1] for row in cells(sections({})["waivers"])}
