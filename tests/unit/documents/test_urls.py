"""URLs of sites and sign-in pages."""

from __future__ import annotations

import pytest

from lib.documents import urls


def test_domain_prefix_is_derived_from_the_pool_id() -> None:
    assert urls.domain_prefix("eu-west-1_aB3dE5fG7") == "eu-west-1-ab3de5fg7"


@pytest.mark.parametrize(
    ("domain", "url"),
    [
        ("eu-west-1-ab3", "https://eu-west-1-ab3.auth.eu-west-1.amazoncognito.com"),
        ("login.example.com", "https://login.example.com"),
        ("127.0.0.1:4566", "http://127.0.0.1:4566"),
    ],
    ids=["Cognito prefix", "custom domain", "emulator"],
)
def test_sign_in_url_has_the_domain_of_the_pool(domain: str, url: str) -> None:
    assert urls.sign_in_url("eu-west-1_aB3", domain, "aws") == url


@pytest.mark.parametrize(
    ("partition", "region", "domain"),
    [
        ("aws-us-gov", "us-gov-west-1", "shop.auth-fips.us-gov-west-1.amazoncognito.com"),
        ("aws-eusc", "eusc-de-east-1", "shop.auth.cognito-idp.eusc-de-east-1.on.amazonwebservices.eu"),
    ],
)
def test_sign_in_page_has_the_domain_of_its_partition(partition: str, region: str, domain: str) -> None:
    assert urls.sign_in_url(f"{region}_aB3", "shop", partition) == f"https://{domain}"
    assert urls.sign_in_url(f"{region}_aB3", "login.example.com", partition) == "https://login.example.com"


@pytest.mark.parametrize("domain", ["", None])
def test_pool_without_a_domain_is_rejected(domain: str | None) -> None:
    with pytest.raises(ValueError, match=r"authorization\.user_pool must be .*, got 'eu-west-1_aB3'\. Add a domain"):
        urls.sign_in_url("eu-west-1_aB3", domain, "aws")


@pytest.mark.parametrize(
    ("domain", "url"),
    [
        ("d1.cloudfront.net", "https://d1.cloudfront.net"),
        ("d1.cloudfront.localhost:4566", "http://d1.cloudfront.localhost:4566"),
    ],
)
def test_only_domains_with_a_port_have_no_tls(domain: str, url: str) -> None:
    assert urls.origin(domain) == url


def test_issuer_is_the_regional_endpoint_of_the_pool() -> None:
    expected = "https://cognito-idp.us-gov-west-1.amazonaws.com/us-gov-west-1_aB3"
    assert urls.issuer("us-gov-west-1_aB3", "amazonaws.com") == expected
