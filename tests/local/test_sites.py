"""Deployed sites, and builds of sites."""

from __future__ import annotations

import http.client
import json
import os
import stat
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import pytest

from lib.assets import npm as sites
from lib.cli import main
from lib.console import Terminal
from lib.local.emulator import Emulator
from lib.model import Service, Site

from ..support.builders import PAGES, a_service, replace_service
from .conftest import Run

PROGRAM = """
from lib.model import *
from lib.settings import *
from lib.tap_stack import TapStack, TapStackArgs

service = Service(
    name="{name}", title="Shop", description="A shop.", name_pattern="{name}-{{type}}-{{environment}}",
    tables=(Table(name="orders", variable="DYNAMODB_TABLE_NAME", hash_key=Key("ItemId"), range_key=Key("CreatedAt")),),
    functions=(Function(
        name="desk", handler="lib.services.items.handler.operations",
        routes=(Route(method="GET", path="/items/{{ItemId}}", operation="read_item", summary="",
                      grants=(Grant(on="orders", actions=("Query",)),)),),
    ),),
    site=Site(folder={folder!r}, hashed="assets"),
)
stack = TapStack("shop", TapStackArgs(service=service, {args}))
for name, value in stack.outputs.items():
    pulumi.export(name, value)
"""


class Response(NamedTuple):
    """An HTTP response."""

    status: int
    headers: dict[str, str]
    """Headers by lowercase name."""
    body: str


class Shop:
    """A deployed service with a site."""

    def __init__(self, emulator: Emulator, outputs: dict[str, Any]) -> None:
        self.emulator = emulator
        self.outputs = outputs
        self.origin: str = outputs["site_url"]

    def page(self, path: str, method: str = "GET") -> Response:
        """Request a path of the site. Set `Host`, because not every resolver supports names under localhost."""
        return self.send(method, path, Host=urlsplit(self.origin).netloc)

    def api(self, method: str, path: str) -> Response:
        """Send a request to the API as a page of the site does."""
        api_path = urlsplit(self.outputs["api_url"]).path + path
        return self.send(method, api_path, Origin=self.origin, **{"Access-Control-Request-Method": "GET"})

    def send(self, method: str, path: str, **headers: str) -> Response:
        """Send a request to the emulator."""
        connection = http.client.HTTPConnection("127.0.0.1", self.emulator.port, timeout=10)
        try:
            connection.request(method, path, headers=headers)
            response = connection.getresponse()
            lowercase = {name.lower(): value for name, value in response.getheaders()}
            return Response(response.status, lowercase, response.read().decode())
        finally:
            connection.close()


@pytest.fixture(scope="module", name="shop", params=[False, True], ids=["CloudFront", "website"])
def shop_fixture(request: pytest.FixtureRequest, emulator: Emulator, tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """Deployed service with a site."""
    name = "public-shop" if request.param else "shop"
    program = PROGRAM.format(name=name, folder=str(PAGES), args=f"site=SiteSettings(public={request.param})")
    return Shop(emulator, Run(emulator, tmp_path_factory.mktemp("shop"))(program))


def test_site_has_its_own_origin(shop: Shop) -> None:
    url = urlsplit(shop.origin)
    assert (url.scheme, url.port, url.path) == ("http", shop.emulator.port, "")
    assert str(url.hostname).endswith(".cloudfront.localhost")
    index = shop.page("/")
    assert (index.status, index.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert index.body == (PAGES / "index.html").read_text(encoding="utf-8")
    assert index.headers["cache-control"] == "no-cache"


def test_hashed_files_are_immutable(shop: Shop) -> None:
    script = shop.page("/assets/app-1.js")
    assert script.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert script.headers["content-type"] == "text/javascript; charset=utf-8"


def test_config_json_contains_the_api_url(shop: Shop) -> None:
    config = shop.page("/config.json")
    assert json.loads(config.body) == {
        "api_url": shop.outputs["api_url"],
        "service": shop.outputs["service"],
        "environment": "dev",
    }
    assert config.headers["cache-control"] == "no-cache"


@pytest.mark.parametrize("path", ["/nothing.html", "/../other/index.html", "/%2e%2e/x"])
def test_unknown_paths_are_forbidden(shop: Shop, path: str) -> None:
    assert shop.page(path).status == 403


def test_pages_can_call_the_api_and_read_its_errors(shop: Shop) -> None:
    for method, path, status in (("OPTIONS", "/items/x", 204), ("GET", "/items/x", 404), ("GET", "/none", 404)):
        response = shop.api(method, path)
        assert (response.status, response.headers["access-control-allow-origin"]) == (status, shop.origin)


def test_bucket_has_the_configured_properties(shop: Shop) -> None:
    s3, name = shop.emulator.client("s3"), shop.outputs["site_bucket_name"]
    assert s3.get_bucket_versioning(Bucket=name)["Status"] == "Enabled"
    (rule,) = s3.get_bucket_encryption(Bucket=name)["ServerSideEncryptionConfiguration"]["Rules"]
    assert rule["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] == "AES256"
    (rule,) = s3.get_bucket_ownership_controls(Bucket=name)["OwnershipControls"]["Rules"]
    assert rule["ObjectOwnership"] == "BucketOwnerEnforced"
    (rule,) = s3.get_bucket_lifecycle_configuration(Bucket=name)["Rules"]
    assert (rule["Status"], rule["NoncurrentVersionExpiration"]) == ("Enabled", {"NoncurrentDays": 90})
    (rule,) = s3.get_bucket_cors(Bucket=name)["CORSRules"]
    assert rule["AllowedMethods"] == ["GET", "HEAD"]
    assert {"Key": "ManagedBy", "Value": "Pulumi"} in s3.get_bucket_tagging(Bucket=name)["TagSet"]
    assert {"Key": "ManagedBy", "Value": "Pulumi"} in s3.get_object_tagging(Bucket=name, Key="index.html")["TagSet"]


def test_only_objects_of_a_public_bucket_can_be_read_directly(shop: Shop) -> None:
    name = shop.outputs["site_bucket_name"]
    block = shop.emulator.client("s3").get_public_access_block(Bucket=name)["PublicAccessBlockConfiguration"]
    is_private = "site_distribution_id" in shop.outputs
    assert (block["BlockPublicPolicy"], block["RestrictPublicBuckets"]) == (is_private, is_private)
    assert block["BlockPublicAcls"]
    assert shop.send("GET", f"/{name}/index.html").status == (403 if is_private else 200)


def test_bucket_can_be_in_another_region(run: Run, emulator: Emulator) -> None:
    run("""
        west = pulumi.ResourceOptions(provider=aws.Provider("west", region="us-west-2"))
        aws.s3.Bucket("b", bucket="west-bucket", opts=west)
    """)
    location = emulator.client("s3", "us-west-2").get_bucket_location(Bucket="west-bucket")
    assert location["LocationConstraint"] == "us-west-2"


NPM = """#!/bin/sh
echo "$@" >> "{log}"
echo "npm output: $@"
touch "$npm_config_cache/used" 2>/dev/null && echo "$npm_config_cache" > "{log}.cache"
case "$1" in
ci) mkdir -p node_modules && touch node_modules/.package-lock.json;;
run) mkdir -p dist && [ -f dist/index.html ] || touch dist/index.html;;
esac
exit {code}
"""


class Sources:
    """Sources of a site, and a fake npm that records its arguments."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder, self._path = folder / "site", folder / "bin"
        self._log = folder / "npm.log"
        self.cache = folder / "npm.log.cache"
        """File with the path of the cache that npm used last."""
        self._path.mkdir()
        (self.folder / "src").mkdir(parents=True)
        for name in ("package.json", "package-lock.json", "src/main.ts"):
            self.touch(name, 0)
        monkeypatch.setenv("PATH", f"{self._path}{os.pathsep}/usr/bin{os.pathsep}/bin")
        self.npm()

    def npm(self, code: int = 0) -> None:
        """Install the fake npm on the path."""
        script = self._path / "npm"
        script.write_text(NPM.format(log=self._log, code=code), encoding="utf-8")
        script.chmod(script.stat().st_mode | stat.S_IXUSR)

    def touch(self, name: str, seconds: float) -> None:
        """Set the modification time of a file in seconds after a constant time."""
        (self.folder / name).touch()
        os.utime(self.folder / name, (1_000_000 + seconds, 1_000_000 + seconds))

    def npm_calls(self) -> list[str]:
        """Return the arguments of npm since the last call."""
        calls = self._log.read_text(encoding="utf-8").splitlines() if self._log.exists() else []
        self._log.unlink(missing_ok=True)
        return calls

    @property
    def service(self) -> Service:
        """Service with the site."""
        return a_service(site=Site(folder=self.folder / "dist"))


@pytest.fixture(name="sources")
def sources_fixture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Sources:
    """Sources of a site that has never been built."""
    return Sources(tmp_path, monkeypatch)


INSTALL, BUILD = "ci --no-audit --no-fund", "run build"


def test_site_is_built_once(sources: Sources, capsys: pytest.CaptureFixture[str]) -> None:
    assert sites.build([sources.service], Terminal())
    assert sources.npm_calls() == [INSTALL, BUILD]
    output = capsys.readouterr().out
    assert f"parcels: npm {INSTALL}\n" in output
    assert f"parcels: npm {BUILD}\n" in output
    assert sites.build([sources.service], Terminal())
    assert sources.npm_calls() == []


@pytest.mark.parametrize(
    ("changed", "calls"),
    [("src/main.ts", [BUILD]), ("package-lock.json", [INSTALL, BUILD]), ("node_modules/x.js", [])],
)
def test_site_is_rebuilt_when_its_sources_change(sources: Sources, changed: str, calls: list[str]) -> None:
    sites.build([sources.service], Terminal())
    sources.npm_calls()
    for name in ("node_modules/.package-lock.json", "dist/index.html"):
        sources.touch(name, 10)
    sources.touch(changed, 20)
    assert sites.build([sources.service], Terminal())
    assert sources.npm_calls() == calls
    assert sites.build([sources.service], Terminal())
    assert sources.npm_calls() == []


@pytest.mark.parametrize("name", ["HOME", "npm_config_cache"])
def test_npm_uses_a_temporary_cache_if_its_cache_is_not_writable(
    sources: Sources, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.delenv("npm_config_cache", raising=False)
    monkeypatch.setenv(name, "/dev/null/folder")
    assert sites.build([sources.service], Terminal())
    cache = Path(sources.cache.read_text(encoding="utf-8").strip())
    assert not cache.exists()


def test_npm_uses_its_cache_if_it_is_writable(
    sources: Sources, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("npm_config_cache", str(tmp_path))
    assert sites.build([sources.service], Terminal())
    assert sources.cache.read_text(encoding="utf-8") == f"{tmp_path}\n"


@pytest.mark.parametrize("site", [None, Site(folder=PAGES)], ids=["no site", "site without a build"])
def test_nothing_is_built_without_sources(sources: Sources, site: Site | None) -> None:
    assert sites.build([a_service(site=site)], Terminal())
    assert sources.npm_calls() == []


def test_missing_node_is_reported_with_a_remedy(
    sources: Sources, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert not sites.build([sources.service], Terminal())
    assert capsys.readouterr().out == (
        "parcels: npm is required to build the web pages, but not installed. Install Node.js from "
        "https://nodejs.org, then run make site.\n"
    )


def test_error_of_a_failed_build_has_the_output_of_npm(
    sources: Sources, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    sources.npm(code=1)
    replace_service(monkeypatch, replace(sources.service, name="items"))
    assert main(["site", "build", "items"]) == 1
    error = capsys.readouterr().err
    assert f"error: npm {INSTALL} failed in {sources.folder}. Fix the errors below, then run make site.\n" in error
    assert error.endswith(f"\nnpm output: {INSTALL}\n")
    assert sources.npm_calls() == [INSTALL]
