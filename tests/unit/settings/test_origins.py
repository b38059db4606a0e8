"""CORS origins that browsers can send, and all others."""

from __future__ import annotations

import re

import pytest

from lib.settings import ApiSettings, Settings, SiteSettings
from lib.settings.origins import MAX_LIST_LENGTH
from lib.tap_stack import TapStackArgs
from tests.support.builders import a_function, a_service, full_service

A, B = "https://shop.example.com", "https://panel.example.com"

ORIGINS = [
    "https://shop.example.com",
    "http://localhost:3000",
    "http://127.0.0.1:1234",
    "http://[::1]:3000",
    "https://xn--bcher-kva.example",
    "https://a_b.example.com:8443",
    "http://x:443",
    "https://x:80",
    "https://x:1",
    "https://x:65535",
    "https://1.example",
    f"https://{'a' * 63}.example",
]


@pytest.mark.parametrize("origin", ORIGINS)
def test_origin_that_browsers_send_is_accepted_alone_and_in_a_list(origin: str) -> None:
    assert ApiSettings(cors_origin=origin).cors_origins() == (origin,)
    assert ApiSettings(cors_origin=f"{A},{origin}" if origin != A else origin).cors_origins()[-1] == origin


@pytest.mark.parametrize(
    "origin",
    [
        pytest.param("shop.example.com", id="no scheme"),
        pytest.param("//shop.example.com", id="empty scheme"),
        pytest.param("ftp://shop.example.com", id="another scheme"),
        pytest.param("https://", id="no host"),
        pytest.param("https://*.example.com", id="wildcard host"),
        pytest.param("https://*", id="wildcard alone"),
        pytest.param("https://Shop.example.com", id="upper case host"),
        pytest.param("HTTPS://shop.example.com", id="upper case scheme"),
        pytest.param("https://shop.example.com:443", id="default port of https"),
        pytest.param("http://shop.example.com:80", id="default port of http"),
        pytest.param("https://shop.example.com/", id="trailing slash"),
        pytest.param("https://shop.example.com/cart", id="path"),
        pytest.param("https://shop.example.com?x=1", id="query"),
        pytest.param("https://shop.example.com#x", id="fragment"),
        pytest.param("https://ann:secret@shop.example.com", id="credentials"),
        pytest.param("https://ann@shop.example.com", id="user"),
        pytest.param("https://shop.example.com:65536", id="port beyond the range"),
        pytest.param("https://shop.example.com:0", id="port 0"),
        pytest.param("https://shop.example.com:08443", id="port with a leading zero"),
        pytest.param("https://shop.example.com:", id="empty port"),
        pytest.param("https://shop.example.com:http", id="port that is no number"),
        pytest.param("https://shop example.com", id="space"),
        pytest.param("https://shop.example.com\tx", id="tab"),
        pytest.param("https://shop.example.com'", id="quote"),
        pytest.param("https://größe.example", id="host that is not ASCII"),
        pytest.param("https://shop..example.com", id="empty label"),
        pytest.param("https://-shop.example.com", id="label that begins with a hyphen"),
        pytest.param(f"https://{'a' * 64}.example", id="label that is too long"),
        pytest.param(f"https://{'a.' * 126}example", id="host that is too long"),
        pytest.param("http://127.1", id="short IPv4 address"),
        pytest.param("http://0x7f.1", id="hexadecimal IPv4 address"),
        pytest.param("http://127.0.0.0x1", id="IPv4 address that ends in hexadecimal"),
        pytest.param("http://127.0.0.256", id="IPv4 address out of range"),
        pytest.param("http://[0:0:0:0:0:0:0:1]", id="long IPv6 address"),
        pytest.param("http://[::1", id="IPv6 address without its end"),
        pytest.param("http://[1::2::3]", id="no IPv6 address"),
        pytest.param("null", id="null"),
        pytest.param("none", id="none"),
    ],
)
def test_origin_that_browsers_never_send_is_rejected_alone_and_in_a_list(origin: str) -> None:
    for value in (origin, f"{A},{origin}", f"{origin}, {A}"):
        message = (
            rf"^api\.cors_origin must be '\*', empty, or a comma-separated list.*, got {re.escape(repr(value))}\.$"
        )
        with pytest.raises(ValueError, match=message):
            ApiSettings(cors_origin=value)


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(f"*,{A}", id="any origin in a list"),
        pytest.param(f"{A},{A}", id="duplicate"),
        pytest.param(f"{A}, {A} ", id="duplicate after white space"),
        pytest.param(f"{A},", id="nothing at the end"),
        pytest.param(f",{A}", id="nothing at the beginning"),
        pytest.param(",", id="nothing"),
        pytest.param(" ", id="white space"),
        pytest.param(f"{A};{B}", id="another separator"),
        pytest.param(f"{A} {B}", id="no separator"),
        pytest.param(",".join(f"https://{n}.example.com" for n in range(MAX_LIST_LENGTH // 20)), id="too many"),
    ],
)
def test_list_that_no_browser_can_match_as_a_whole_is_rejected(value: str) -> None:
    with pytest.raises(ValueError, match=r"^api\.cors_origin must be .*exactly as browsers send them"):
        ApiSettings(cors_origin=value)


@pytest.mark.parametrize(
    ("value", "origins"),
    [
        (None, ()),
        ("", ()),
        ("*", ("*",)),
        (f"{A},{B}", (A, B)),
        (f" {A} ,\t{B}\n", (A, B)),
        (f"site, {A}", ("site", A)),
    ],
)
def test_list_is_split_at_commas_without_white_space(value: str | None, origins: tuple[str, ...]) -> None:
    assert ApiSettings(cors_origin=value).cors_origins() == origins


@pytest.mark.parametrize(
    ("value", "service_value", "origins"),
    [
        (None, None, ("site",)),
        (None, "", ()),
        (None, f"site,{B}", ("site", B)),
        ("site", B, ("site",)),
        ("", None, ()),
        (A, None, (A,)),
        (f"{A},{B}", None, (A, B)),
        (f"site,{A}", None, ("site", A)),
    ],
)
def test_site_of_the_service_is_allowed_by_default_or_if_listed(
    value: str | None, service_value: str | None, origins: tuple[str, ...]
) -> None:
    service = full_service(settings=Settings(api=ApiSettings(cors_origin=service_value)))
    args = TapStackArgs(service=service, api=ApiSettings(cors_origin=value), site=SiteSettings(public=False))
    assert args.cors_origins() == origins


@pytest.mark.parametrize("value", ["site", f"{A},site"])
def test_site_of_a_service_without_one_is_rejected(value: str) -> None:
    message = rf"^api\.cors_origin must be .* items has no site, got '{re.escape(value)}'\. Remove 'site'\.$"
    with pytest.raises(ValueError, match=message):
        TapStackArgs(api=ApiSettings(cors_origin=value))


def test_function_with_the_name_of_the_preflight_function_is_rejected_if_both_exist() -> None:
    service = a_service(functions=(a_function(name="api-preflight"),))
    assert TapStackArgs(service=service, api=ApiSettings(cors_origin=A)).cors_origins() == (A,)
    with pytest.raises(
        ValueError, match=r"cors_origin must be at most one origin while parcels has .*, got '.*'\. Rename"
    ):
        TapStackArgs(service=service, api=ApiSettings(cors_origin=f"{A},{B}"))


def test_any_origin_is_rejected_in_prod_and_a_list_is_not() -> None:
    assert TapStackArgs("prod", api=ApiSettings(cors_origin=f"{A},{B}")).cors_origins() == (A, B)
    with pytest.raises(ValueError, match=r"^api\.cors_origin must be a list of origins in prod, got '\*'\. Set"):
        TapStackArgs("prod", api=ApiSettings(cors_origin="*"))
