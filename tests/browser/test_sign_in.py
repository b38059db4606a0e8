"""Sign-in of the panel and the shop with a user pool: redirects, tokens, and their expiry."""

from __future__ import annotations

import base64
import json
import os
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Page, Route, expect

from lib.assets.npm import build
from lib.console import Terminal
from lib.local.emulator import Emulator
from lib.local.run import create_user
from lib.services import SERVICES

from ..support.deployments import deploy_service
from .routes import aborted

PANEL = "admin-panel.html"
TOKENS = "stock-tokens"


class Deployment(NamedTuple):
    """URLs of a deployment with a user pool, and the credentials of a user."""

    site_url: str
    sign_in_url: str
    name: str
    password: str


@pytest.fixture(scope="module", name="deployment")
def deployment_fixture(emulator: Emulator) -> Deployment:
    """Deploy the stock service with a user pool."""
    if "TAP_OUTPUTS" in os.environ:
        pytest.skip("the deployment on AWS has no test user")
    if not build([SERVICES["stock"]], Terminal()):
        pytest.skip("npm is not installed")

    def deploy() -> Deployment:
        outputs = deploy_service(emulator, "stock", "members", authorization="COGNITO_USER_POOLS")
        return Deployment(outputs["site_url"], outputs["sign_in_url"], *create_user(emulator, outputs["user_pool_id"]))

    with ThreadPoolExecutor(1) as executor:  # the browser's event loop runs in this thread
        return executor.submit(deploy).result()


def sign_in(page: Page, deployment: Deployment) -> None:
    """Sign in on the page of the user pool."""
    page.get_by_label("Username").fill(deployment.name)
    page.get_by_label("Password").fill(deployment.password)
    page.get_by_role("button", name="Sign in").click()


@pytest.fixture(name="panel")
def panel_fixture(visitor: Callable[..., Page], deployment: Deployment) -> Page:
    """Open the panel and sign in."""
    page = visitor()
    page.goto(f"{deployment.site_url}/{PANEL}")
    page.get_by_role("button", name="Sign in").click()
    sign_in(page, deployment)
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()
    return page


def tokens(page: Page) -> dict[str, Any]:
    stored: dict[str, Any] = json.loads(page.evaluate(f"sessionStorage.getItem('{TOKENS}')"))
    return stored


def reload_with_tokens(page: Page, **changes: Any) -> None:
    """Change the stored tokens and reload the page."""
    page.evaluate(f"tokens => sessionStorage.setItem('{TOKENS}', tokens)", json.dumps({**tokens(page), **changes}))
    page.reload()


def test_sign_in_returns_to_the_requested_view(
    visitor: Callable[..., Page], deployment: Deployment, accessible: Callable[[Page], None]
) -> None:
    page = visitor()
    page.goto(f"{deployment.site_url}/{PANEL}#/attention")
    expect(page.get_by_role("button", name="Sign in")).to_be_focused()
    accessible(page)
    page.keyboard.press("Enter")
    sign_in(page, deployment)
    expect(page.get_by_role("heading", name="Needs attention")).to_be_visible()
    assert page.url == f"{deployment.site_url}/{PANEL}#/attention"
    page.reload()
    expect(page.get_by_role("heading", name="Needs attention")).to_be_visible()
    accessible(page)


def test_movements_contain_the_name_of_the_signed_in_user(panel: Page) -> None:
    product_id = f"desk-{uuid.uuid4().hex[:8]}"
    panel.get_by_role("button", name="New product").click()
    panel.get_by_label("Product ID", exact=True).fill(product_id)
    panel.get_by_label("On hand").fill("7")
    panel.get_by_role("button", name="Add product").click()
    row = panel.get_by_role("table", name=f"Stock movements of {product_id}").get_by_role("row").nth(1)
    expect(row).to_contain_text("Created")
    _, claims, _ = tokens(panel)["access"].split(".")
    username = json.loads(base64.urlsafe_b64decode(f"{claims}=="))["username"]
    expect(row.locator("[data-label=By]")).to_have_text(username)


def test_token_is_refreshed_before_it_expires(panel: Page) -> None:
    before = tokens(panel)
    with panel.expect_request("**/inventory?*") as request:
        reload_with_tokens(panel, until=before["until"] - 14 * 60_000 - 30_000)
    expect(panel.locator("main table, main .empty")).not_to_have_count(0)
    after = tokens(panel)
    assert (after["access"] != before["access"], after["refresh"]) == (True, before["refresh"])
    assert request.value.headers["authorization"] == f"Bearer {after['access']}"


@pytest.mark.parametrize("changes", [{"until": 0, "refresh": "revoked"}, {"access": "revoked"}])
def test_expired_session_prompts_for_a_new_sign_in(
    panel: Page, deployment: Deployment, accessible: Callable[[Page], None], changes: dict[str, Any]
) -> None:
    reload_with_tokens(panel, **changes)
    button = panel.get_by_role("button", name="Sign in again")
    expect(button).to_be_visible()
    accessible(panel)
    button.click()
    sign_in(panel, deployment)
    expect(panel.get_by_role("heading", name="All stock")).to_be_visible()


def unanswered(_: Route) -> None:
    """Never respond to the request."""


@pytest.mark.parametrize(
    "respond",
    [lambda route: route.fulfill(status=200), lambda route: route.fulfill(status=404), aborted, unanswered],
    ids=["revoked", "no such endpoint", "aborted", "unanswered"],
)
def test_signing_out_deletes_and_revokes_the_tokens(
    panel: Page, deployment: Deployment, respond: Callable[[Route], None]
) -> None:
    refresh = tokens(panel)["refresh"]
    panel.route("**/oauth2/revoke", respond)
    with panel.expect_request("**/logout?*") as logout, panel.expect_request("**/oauth2/revoke") as revocation:
        panel.get_by_role("button", name="Sign out").click()
    assert logout.value.url.startswith(f"{deployment.sign_in_url}/logout?client_id=")
    assert (revocation.value.method, revocation.value.url) == ("POST", f"{deployment.sign_in_url}/oauth2/revoke")
    client_id = parse_qs(urlsplit(logout.value.url).query)["client_id"]
    assert parse_qs(revocation.value.post_data or "") == {"token": [refresh], "client_id": client_id}
    expect(panel.get_by_role("button", name="Sign in")).to_be_focused()
    assert panel.url == f"{deployment.site_url}/{PANEL}"
    assert panel.evaluate("sessionStorage.length + localStorage.length") == 0


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("code=stolen&state=theirs", "not started in this tab"),
        ("error=access_denied&state=theirs", "not started in this tab"),
    ],
)
def test_redirect_that_this_tab_did_not_start_is_rejected(
    visitor: Callable[..., Page], deployment: Deployment, accessible: Callable[[Page], None], query: str, message: str
) -> None:
    page = visitor()
    page.goto(f"{deployment.site_url}/{PANEL}?{query}")
    expect(page.get_by_role("alert")).to_contain_text(message)
    expect(page.get_by_role("button", name="Sign in")).to_be_focused()
    assert page.url == f"{deployment.site_url}/{PANEL}"
    accessible(page)


def test_shop_uses_the_same_sign_in(panel: Page, deployment: Deployment, accessible: Callable[[Page], None]) -> None:
    panel.get_by_role("link", name="Demo shop").click()
    expect(panel.get_by_role("heading", name="Your cart")).to_be_visible()
    panel.get_by_role("button", name="Sign out").click()
    expect(panel.get_by_text("send the requests as you")).to_be_visible()
    accessible(panel)
    panel.goto(f"{deployment.site_url}/index.html?category=lighting")
    panel.get_by_role("button", name="Sign in").click()
    sign_in(panel, deployment)
    expect(panel.get_by_role("heading", name="Your cart")).to_be_visible()
    assert panel.url == f"{deployment.site_url}/?category=lighting"
