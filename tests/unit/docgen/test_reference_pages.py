"""Reference pages."""

from __future__ import annotations

import json

from lib.docgen.reference_pages import CAPACITY, capacity, controls, environments, key_policy, metrics, scopes, waivers
from lib.documents import key_policies
from lib.scaling.report import sections
from lib.services import loadable
from lib.settings import ApiSettings, Settings
from lib.settings.environments import ENVIRONMENTS
from lib.stack.config import config_keys

from ...support.builders import a_function, a_metric, a_route, a_service, an_authorizer, full_service
from ...support.markdown import cells

KEYS = config_keys(loadable())


def test_scopes_are_listed_with_their_routes() -> None:
    routes = (a_route(), a_route(path="/parcels/{id}"), a_route(path="/hours", scope=""))
    rows = cells(scopes({"parcels": a_service(functions=(a_function(*routes),))}))
    assert rows == [
        ["`parcels`", "`read`", "`GET /parcels`, `GET /parcels/{id}`"],
        ["`parcels`", "none", "`GET /hours`"],
    ]


def test_metrics_are_listed_once_with_the_operations_that_emit_them() -> None:
    lost = a_metric(name="Lost", unit="Percent", description="Of all")
    sorting = a_function(a_route(path="/sorted", operation="sort", metrics=(a_metric(), lost)), name="sorting")
    service = a_service(functions=(a_function(a_route(metrics=(a_metric(),))), sorting))
    assert cells(metrics([service, full_service()])) == [
        ["`parcels`", "`Arrivals`", "Count", "Received parcels", "`list_parcels`, `sort`"],
        ["`parcels`", "`Lost`", "Percent", "Of all", "`sort`"],
        ["`yard`", "`Arrivals`", "Count", "Received parcels", "`count`, `greet`"],
    ]


def test_key_policy_has_the_statements_for_every_service() -> None:
    statements = key_policy()
    users = {*key_policies.KEY_VIA_SERVICES, *key_policies.KEY_SERVICE_PRINCIPALS}
    assert json.loads(statements) == key_policies.key_statements("111122223333", "us-east-1", users)


def test_environments_have_every_setting_of_every_profile() -> None:
    section = environments({}, KEYS)
    assert section.splitlines()[0] == f"| Setting | Config key | {' | '.join(ENVIRONMENTS)} |"
    assert ["`function.memory_mb`", "`lambda_memory_size`", "128", "128", "256", "512"] in cells(section)
    assert ["`function.tracing`", "`tracing`", "no", "yes", "yes", "yes"] in cells(section)


def test_settings_of_services_are_listed() -> None:
    plain, own = a_service(), a_service(settings=Settings(api=ApiSettings(stage_name="live", cors_origin="")))
    assert environments({"parcels": plain}, KEYS) == environments({}, KEYS)
    note = "`parcels` sets in every environment: `api.stage_name` live, `api.cors_origin` none."
    assert environments({"parcels": own}, KEYS).endswith(f"\n\n{note}")


def test_capacity_has_every_table_of_the_model() -> None:
    assert CAPACITY.keys() == sections().keys()
    page = capacity()
    assert "## Quotas and assumptions\n\n" in page
    assert "| memory of a function with one vCPU | 1,769 MB |" in page
    assert "## Recommended configuration\n\nFor 1,000 requests a second in `prod`.\n\n```yaml\nconfig:\n" in page


def test_controls_are_listed_with_all_of_their_ids() -> None:
    assert controls().startswith("## API Gateway\n\n| Control | Requirement | Severity | Resources | Remediation |\n")
    assert ["SQS.1, CKV_AWS_27, SEC08-BP02", "SQS queues should be encrypted at rest", "medium", "`sqs.Queue`"] in [
        row[:4] for row in cells(controls())
    ]


def test_waivers_are_listed_with_the_resources_that_they_apply_to() -> None:
    where = {row[0]: row[1] for row in cells(waivers())}
    assert where["APIGateway.2"] == "everywhere"
    assert where["CKV_AWS_276"] == "`dev`, `test`"
    assert where["Lambda.2"] == "`items`"
    assert where["CKV_AWS_59"] == "`stock`, if the reason applies"
    assert where["APIGateway.4"] == "if the reason applies, stacks without `wafv2.WebAcl`"
    assert where["SNS.1"] == "stacks without `kms.Key` or output `key_arn`"
    assert "`dev`, `test`, except `stock`" in {row[1] for row in cells(waivers())}


def test_routes_with_an_authorizer_have_no_scope_of_the_environment() -> None:
    desk = a_function(
        a_route(authorizer="token", scope="admin"), a_route(path="/open", authorizer=""), authorizers=(an_authorizer(),)
    )
    table = scopes({"parcels": a_service(functions=(desk,))})
    assert "/open" in table
    assert "/parcels" not in table.replace("`parcels`", "")
