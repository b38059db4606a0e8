"""The panel and the shop where people sign in: the user pool's page, its tokens, and their end."""

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


class Members(NamedTuple):
    """A deployment that somebody can sign in to."""

    site_url: str
    sign_in_url: str
    name: str
    password: str


@pytest.fixture(scope="module", name="members")
def members_fixture(emulator: Emulator) -> Members:
    """The stock service with a user pool."""
    if "TAP_OUTPUTS" in os.environ:
        pytest.skip("on AWS nobody is known who could sign in")
    if not build([SERVICES["stock"]], Terminal()):
        pytest.skip("there is no npm to build the pages with")

    def deploy() -> Members:
        out = deploy_service(emulator, "stock", "members", authorization="COGNITO_USER_POOLS")
        return Members(out["site_url"], out["sign_in_url"], *create_user(emulator, out["user_pool_id"]))

    with ThreadPoolExecutor(1) as executor:  # the browser's loop runs in this thread
        return executor.submit(deploy).result()


def sign_in(page: Page, members: Members) -> None:
    """On the user pool's own page."""
    page.get_by_label("Username").fill(members.name)
    page.get_by_label("Password").fill(members.password)
    page.get_by_role("button", name="Sign in").click()


@pytest.fixture(name="panel")
def panel_fixture(visitor: Callable[..., Page], members: Members) -> Page:
    """The panel, signed in to."""
    page = visitor()
    page.goto(f"{members.site_url}/{PANEL}")
    page.get_by_role("button", name="Sign in").click()
    sign_in(page, members)
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()
    return page


def tokens(page: Page) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(page.evaluate(f"sessionStorage.getItem('{TOKENS}')"))
    return found


def with_tokens(page: Page, **changes: Any) -> None:
    """The page anew, with tokens that are not what they were."""
    page.evaluate(f"said => sessionStorage.setItem('{TOKENS}', said)", json.dumps({**tokens(page), **changes}))
    page.reload()


def test_the_sign_in_page_leads_back_to_what_was_asked_for(
    visitor: Callable[..., Page], members: Members, accessible: Callable[[Page], None]
) -> None:
    page = visitor()
    page.goto(f"{members.site_url}/{PANEL}#/attention")
    expect(page.get_by_role("button", name="Sign in")).to_be_focused()
    accessible(page)
    page.keyboard.press("Enter")
    sign_in(page, members)
    expect(page.get_by_role("heading", name="Needs attention")).to_be_visible()
    assert page.url == f"{members.site_url}/{PANEL}#/attention"
    page.reload()
    expect(page.get_by_role("heading", name="Needs attention")).to_be_visible()
    accessible(page)


def test_whoever_signed_in_changes_stock_and_is_named_for_it(panel: Page) -> None:
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


def test_a_token_is_replaced_before_it_ends(panel: Page) -> None:
    before = tokens(panel)
    with panel.expect_request("**/inventory?*") as asked:
        with_tokens(panel, until=before["until"] - 14 * 60_000 - 30_000)
    expect(panel.locator("main table, main .empty")).not_to_have_count(0)
    after = tokens(panel)
    assert (after["access"] != before["access"], after["refresh"]) == (True, before["refresh"])
    assert asked.value.headers["authorization"] == f"Bearer {after['access']}"


@pytest.mark.parametrize("changes", [{"until": 0, "refresh": "taken back"}, {"access": "taken back"}])
def test_where_the_sign_in_has_ended_it_leads_to_another(
    panel: Page, members: Members, accessible: Callable[[Page], None], changes: dict[str, Any]
) -> None:
    with_tokens(panel, **changes)
    again = panel.get_by_role("button", name="Sign in again")
    expect(again).to_be_visible()
    accessible(panel)
    again.click()
    sign_in(panel, members)
    expect(panel.get_by_role("heading", name="All stock")).to_be_visible()


def unanswered(_: Route) -> None:
    """The user pool never responds."""


@pytest.mark.parametrize(
    "respond",
    [lambda route: route.fulfill(status=200), lambda route: route.fulfill(status=404), aborted, unanswered],
    ids=["revoked", "no such endpoint", "aborted", "unanswered"],
)
def test_signing_out_deletes_and_revokes_the_tokens(
    panel: Page, members: Members, respond: Callable[[Route], None]
) -> None:
    refresh = tokens(panel)["refresh"]
    panel.route("**/oauth2/revoke", respond)
    with panel.expect_request("**/logout?*") as logout, panel.expect_request("**/oauth2/revoke") as revocation:
        panel.get_by_role("button", name="Sign out").click()
    assert logout.value.url.startswith(f"{members.sign_in_url}/logout?client_id=")
    assert (revocation.value.method, revocation.value.url) == ("POST", f"{members.sign_in_url}/oauth2/revoke")
    client_id = parse_qs(urlsplit(logout.value.url).query)["client_id"]
    assert parse_qs(revocation.value.post_data or "") == {"token": [refresh], "client_id": client_id}
    expect(panel.get_by_role("button", name="Sign in")).to_be_focused()
    assert panel.url == f"{members.site_url}/{PANEL}"
    assert panel.evaluate("sessionStorage.length + localStorage.length") == 0


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("code=stolen&state=theirs", "not started in this tab"),
        ("error=access_denied&state=theirs", "not started in this tab"),
    ],
)
def test_a_way_back_that_this_tab_did_not_begin_signs_nobody_in(
    visitor: Callable[..., Page], members: Members, accessible: Callable[[Page], None], said: str, told: str
) -> None:
    page = visitor()
    page.goto(f"{members.site_url}/{PANEL}?{said}")
    expect(page.get_by_role("alert")).to_contain_text(told)
    expect(page.get_by_role("button", name="Sign in")).to_be_focused()
    assert page.url == f"{members.site_url}/{PANEL}"
    accessible(page)


def test_the_shop_sells_for_whoever_signed_in(
    panel: Page, members: Members, accessible: Callable[[Page], None]
) -> None:
    panel.get_by_role("link", name="Demo shop").click()
    expect(panel.get_by_role("heading", name="Your cart")).to_be_visible()
    panel.get_by_role("button", name="Sign out").click()
    expect(panel.get_by_text("send the requests as you")).to_be_visible()
    accessible(panel)
    panel.goto(f"{members.site_url}/index.html?category=lighting")
    panel.get_by_role("button", name="Sign in").click()
    sign_in(panel, members)
    expect(panel.get_by_role("heading", name="Your cart")).to_be_visible()
    assert panel.url == f"{members.site_url}/?category=lighting"
