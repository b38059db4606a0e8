"""A service with a stream consumer, a queue, custom variables and alarms, and a site."""

from __future__ import annotations

from typing import Any

import pytest

from lib.model import Site
from lib.program.recorder import Deployment, record
from lib.settings import ApiSettings, Settings, SiteSettings

from ..support.builders import PAGES, full_service
from ..support.programs import stacked

pytestmark = pytest.mark.untraced

ORIGIN = "https://domainName:post-site-front-distribution"


def deployed(**args: Any) -> Deployment:
    """Return the resources of a stack of the full service."""
    return record(stacked(**{"service": full_service(), **args}))


def test_object_has_the_file_of_the_site(yard: Deployment) -> None:
    objects = yard.inputs("s3.BucketObjectv2")
    assert objects["post-site/index.html"]["source"].path == str(PAGES / "index.html")


def test_objects_have_no_more_tags_than_s3_accepts() -> None:
    deployment = deployed(tags={f"tag{n}": "x" for n in range(20)})
    assert {len(inputs["tags"]) for inputs in deployment.inputs("s3.BucketObjectv2").values()} == {10}
    assert len(deployment.single("s3.Bucket").inputs["tags"]) == 23


def origins(deployment: Deployment) -> set[str]:
    """Return every origin in the responses of API Gateway."""
    kinds = ("apigateway.IntegrationResponse", "apigateway.Response")
    return {
        value
        for kind in kinds
        for response in deployment.inputs(kind).values()
        for name, value in response.get("responseParameters", {}).items()
        if name.endswith("Access-Control-Allow-Origin")
    }


@pytest.mark.parametrize("environment", ["dev", "prod"])
def test_origin_of_the_site_is_allowed_by_default(environment: str) -> None:
    deployment = deployed(environment_suffix=environment)
    assert origins(deployment) == {f"'{ORIGIN}'"}
    for function in deployment.inputs("lambda.Function").values():
        assert function["environment"]["variables"]["CORS_ORIGIN"] == ORIGIN
        assert "os.environ['CORS_ORIGIN']" in function["code"].assets["index.py"].text
    assert not [note for note in deployment.info_messages if "CORS" in note]
    assert not deployment.warnings


SERVICE_ORIGIN = "https://yard.example.com"


@pytest.mark.parametrize(
    ("args", "origin"),
    [
        ({"api": ApiSettings(cors_origin="https://shop.example.com")}, "https://shop.example.com"),
        ({"api": ApiSettings(cors_origin="")}, ""),
        ({"service": full_service(settings=Settings(api=ApiSettings(cors_origin=SERVICE_ORIGIN)))}, SERVICE_ORIGIN),
    ],
    ids=["argument", "none", "service"],
)
def test_configured_origin_replaces_the_origin_of_the_site(args: dict[str, Any], origin: str) -> None:
    deployment = deployed(**args)
    assert origins(deployment) == ({f"'{origin}'"} if origin else set())
    watch = deployment.inputs("lambda.Function")["post-watch-function"]
    assert "CORS_ORIGIN" not in watch["environment"]["variables"]
    assert repr(origin) in watch["code"].assets["index.py"].text
    assert deployment.stack_outputs()["cors_origin"] == (origin or "none")


def test_another_origin_deploys_the_api_again(yard: Deployment) -> None:
    public = deployed(site=SiteSettings(public=True))
    before, after = (stack.single("apigateway.Deployment").inputs["triggers"] for stack in (yard, public))
    assert before != after


def test_warning_names_the_command_that_builds_a_missing_site() -> None:
    deployment = deployed(service=full_service(site=Site(folder="nowhere/dist")))
    (warning,) = deployment.warnings
    assert warning == (
        "yard has no site, because nowhere/dist contains no files. Build it with make site, and deploy again."
    )
    assert set(deployment.by_kind("s3.BucketObjectv2")) == {"post-site/config.json"}
