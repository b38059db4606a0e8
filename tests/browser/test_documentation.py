"""The documentation site: it builds without warnings, and works without network."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from playwright.sync_api import Page, Route, expect

from lib.docgen.site_hooks import PACKAGES

ROOT = Path(__file__).parents[2]


class Handler(SimpleHTTPRequestHandler):
    """Serves files without a log."""

    def log_message(self, *_: object) -> None:
        """Log nothing."""


@pytest.fixture(scope="module", name="site")
def site_fixture(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """URL of the site, which is built with `--strict`."""
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)]
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    built = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=str(folder))) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture(name="offline")
def offline_fixture(visitor: Callable[..., Page], site: str) -> Iterator[Page]:
    """A page whose requests to other hosts fail the test."""
    page = visitor(own_context=True)
    requested: list[str] = []

    def handle(route: Route) -> None:
        if route.request.url.startswith((site, "data:", "blob:")):
            route.continue_()
        else:
            requested.append(route.request.url)
            route.abort()

    page.route("**/*", handle)
    yield page
    assert not requested


def test_search_opens_a_page(offline: Page, site: str) -> None:
    offline.goto(f"{site}/index.html")
    offline.get_by_role("textbox", name="Search").fill("firewall_enabled")
    result = offline.locator(".md-search-result__link").first
    expect(result).to_be_visible()
    result.click()
    expect(offline.locator("article")).to_contain_text("firewall_enabled")


def test_architecture_is_a_diagram_or_its_source_text(offline: Page, site: str) -> None:
    offline.goto(f"{site}/services/items/architecture.html")
    if (ROOT / PACKAGES).exists():
        # Mermaid draws into a closed shadow root.
        expect(offline.locator("div.mermaid")).to_be_visible()
    else:
        expect(offline.locator("article pre")).to_contain_text("flowchart")


def test_openapi_document_is_rendered(offline: Page, site: str) -> None:
    offline.goto(f"{site}/services/items/api.html")
    expect(offline.frame_locator("iframe").get_by_text("/items").first).to_be_visible()
