"""A service with pages of its own, deployed and asked for them; and the building of pages."""

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


class Answer(NamedTuple):
    """What was answered."""

    status: int
    headers: dict[str, str]
    """Names in lower case."""
    body: str


class Shop:
    """What was deployed."""

    def __init__(self, emulator: Emulator, outputs: dict[str, Any]) -> None:
        self.emulator = emulator
        self.outputs = outputs
        self.origin: str = outputs["site_url"]

    def page(self, path: str, method: str = "GET") -> Answer:
        """Ask the site; names under localhost are this machine's, which not every resolver knows."""
        return self.ask(method, path, Host=urlsplit(self.origin).netloc)

    def api(self, method: str, path: str) -> Answer:
        """Ask the API as a page of the site does."""
        whole = urlsplit(self.outputs["api_url"]).path + path
        return self.ask(method, whole, Origin=self.origin, **{"Access-Control-Request-Method": "GET"})

    def ask(self, method: str, path: str, **headers: str) -> Answer:
        """Ask the emulator."""
        connection = http.client.HTTPConnection("127.0.0.1", self.emulator.port, timeout=10)
        try:
            connection.request(method, path, headers=headers)
            answer = connection.getresponse()
            named = {name.lower(): value for name, value in answer.getheaders()}
            return Answer(answer.status, named, answer.read().decode())
        finally:
            connection.close()


@pytest.fixture(scope="module", name="shop", params=[False, True], ids=["CloudFront", "website"])
def deployed(request: pytest.FixtureRequest, emulator: Emulator, tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """A service with pages."""
    name = "open-shop" if request.param else "shop"
    program = PROGRAM.format(name=name, folder=str(PAGES), args=f"site=SiteSettings(public={request.param})")
    return Shop(emulator, Run(emulator, tmp_path_factory.mktemp("shop"))(program))


def test_pages_open_in_an_origin_of_their_own(shop: Shop) -> None:
    at = urlsplit(shop.origin)
    assert (at.scheme, at.port, at.path) == ("http", shop.emulator.port, "")
    assert str(at.hostname).endswith(".cloudfront.localhost")
    index = shop.page("/")
    assert (index.status, index.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert index.body == (PAGES / "index.html").read_text(encoding="utf-8")
    assert index.headers["cache-control"] == "no-cache"


def test_files_that_never_change_may_be_kept(shop: Shop) -> None:
    script = shop.page("/assets/app-1.js")
    assert script.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert script.headers["content-type"] == "text/javascript; charset=utf-8"


def test_pages_learn_where_their_api_is(shop: Shop) -> None:
    config = shop.page("/config.json")
    assert json.loads(config.body) == {
        "api_url": shop.outputs["api_url"],
        "service": shop.outputs["service"],
        "environment": "dev",
    }
    assert config.headers["cache-control"] == "no-cache"


@pytest.mark.parametrize("path", ["/nothing.html", "/../other/index.html", "/%2e%2e/x"])
def test_nothing_else_is_served(shop: Shop, path: str) -> None:
    assert shop.page(path).status == 403


def test_pages_may_call_their_api_and_read_what_it_refuses(shop: Shop) -> None:
    for method, path, status in (("OPTIONS", "/items/x", 204), ("GET", "/items/x", 404), ("GET", "/none", 404)):
        answer = shop.api(method, path)
        assert (answer.status, answer.headers["access-control-allow-origin"]) == (status, shop.origin)


def test_bucket_has_what_was_asked_for(shop: Shop) -> None:
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


def test_only_a_public_bucket_is_read_past_what_serves_it(shop: Shop) -> None:
    name = shop.outputs["site_bucket_name"]
    block = shop.emulator.client("s3").get_public_access_block(Bucket=name)["PublicAccessBlockConfiguration"]
    private = "site_distribution_id" in shop.outputs
    assert (block["BlockPublicPolicy"], block["RestrictPublicBuckets"]) == (private, private)
    assert block["BlockPublicAcls"]
    assert shop.ask("GET", f"/{name}/index.html").status == (403 if private else 200)


def test_bucket_can_be_in_another_region(run: Run, emulator: Emulator) -> None:
    run("""
        west = pulumi.ResourceOptions(provider=aws.Provider("west", region="us-west-2"))
        aws.s3.Bucket("b", bucket="west-bucket", opts=west)
    """)
    location = emulator.client("s3", "us-west-2").get_bucket_location(Bucket="west-bucket")
    assert location["LocationConstraint"] == "us-west-2"


NPM = """#!/bin/sh
echo "$@" >> "{log}"
echo "npm says: $@"
touch "$npm_config_cache/used" 2>/dev/null && echo "$npm_config_cache" > "{log}.cache"
case "$1" in
ci) mkdir -p node_modules && touch node_modules/.package-lock.json;;
run) mkdir -p dist && [ -f dist/index.html ] || touch dist/index.html;;
esac
exit {code}
"""


class Sources:
    """A site to be built, and an npm that writes down what it is told."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder, self._path = folder / "site", folder / "bin"
        self._log = folder / "npm.log"
        self.cache = folder / "npm.log.cache"
        """File with the path of the cache that npm used last."""
        self._path.mkdir()
        (self.folder / "src").mkdir(parents=True)
        for name in ("package.json", "package-lock.json", "src/main.ts"):
            self.written(name, 0)
        monkeypatch.setenv("PATH", f"{self._path}{os.pathsep}/usr/bin{os.pathsep}/bin")
        self.npm()

    def npm(self, code: int = 0) -> None:
        """Put an npm where commands are found."""
        script = self._path / "npm"
        script.write_text(NPM.format(log=self._log, code=code), encoding="utf-8")
        script.chmod(script.stat().st_mode | stat.S_IXUSR)

    def written(self, name: str, when: float) -> None:
        """A file was written so many seconds after all began."""
        (self.folder / name).touch()
        os.utime(self.folder / name, (1_000_000 + when, 1_000_000 + when))

    def told(self) -> list[str]:
        """What npm was told since this was last asked."""
        said = self._log.read_text(encoding="utf-8").splitlines() if self._log.exists() else []
        self._log.unlink(missing_ok=True)
        return said

    @property
    def service(self) -> Service:
        """Whose pages they are."""
        return a_service(site=Site(folder=self.folder / "dist"))


@pytest.fixture(name="sources")
def sources_fixture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Sources:
    """Sources of pages that were never built."""
    return Sources(tmp_path, monkeypatch)


INSTALL, BUILD = "ci --no-audit --no-fund", "run build"


def test_pages_are_built_once(sources: Sources, capsys: pytest.CaptureFixture[str]) -> None:
    assert sites.build([sources.service], Terminal())
    assert sources.told() == [INSTALL, BUILD]
    said = capsys.readouterr().out
    assert f"parcels: npm {INSTALL}\n" in said
    assert f"parcels: npm {BUILD}\n" in said
    assert sites.build([sources.service], Terminal())
    assert sources.told() == []


@pytest.mark.parametrize(
    ("changed", "told"),
    [("src/main.ts", [BUILD]), ("package-lock.json", [INSTALL, BUILD]), ("node_modules/x.js", [])],
)
def test_pages_are_built_again_when_their_sources_change(sources: Sources, changed: str, told: list[str]) -> None:
    sites.build([sources.service], Terminal())
    sources.told()
    for name in ("node_modules/.package-lock.json", "dist/index.html"):
        sources.written(name, 10)
    sources.written(changed, 20)
    assert sites.build([sources.service], Terminal())
    assert sources.told() == told
    assert sites.build([sources.service], Terminal())
    assert sources.told() == []


@pytest.mark.parametrize("name", ["HOME", "npm_config_cache"])
def test_npm_has_a_temporary_cache_if_its_own_cannot_be_written(
    sources: Sources, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.delenv("npm_config_cache", raising=False)
    monkeypatch.setenv(name, "/dev/null/folder")
    assert sites.build([sources.service], Terminal())
    cache = Path(sources.cache.read_text(encoding="utf-8").strip())
    assert not cache.exists()


def test_npm_has_its_own_cache_if_that_can_be_written(
    sources: Sources, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("npm_config_cache", str(tmp_path))
    assert sites.build([sources.service], Terminal())
    assert sources.cache.read_text(encoding="utf-8") == f"{tmp_path}\n"


@pytest.mark.parametrize("site", [None, Site(folder=PAGES)], ids=["no site", "a site that is not built"])
def test_nothing_is_built_where_there_is_nothing_to_build(sources: Sources, site: Site | None) -> None:
    assert sites.build([a_service(site=site)], Terminal())
    assert sources.told() == []


def test_without_node_one_line_says_what_to_install(
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
    said = capsys.readouterr().err
    assert f"error: npm {INSTALL} failed in {sources.folder}. Fix the errors below, then run make site.\n" in said
    assert said.endswith(f"\nnpm says: {INSTALL}\n")
    assert sources.told() == [INSTALL]
