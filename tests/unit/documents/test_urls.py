"""Where a user pool signs people in."""

from __future__ import annotations

import pytest

from lib.documents import urls


def test_a_domain_begins_with_what_no_other_pool_of_the_region_has() -> None:
    assert urls.domain_prefix("eu-west-1_aB3dE5fG7") == "eu-west-1-ab3de5fg7"


@pytest.mark.parametrize(
    ("domain", "address"),
    [
        ("eu-west-1-ab3", "https://eu-west-1-ab3.auth.eu-west-1.amazoncognito.com"),
        ("login.example.com", "https://login.example.com"),
        ("127.0.0.1:4566", "http://127.0.0.1:4566"),
    ],
    ids=["Cognito's own", "a whole one", "the emulator's"],
)
def test_the_address_is_under_the_pools_domain(domain: str, address: str) -> None:
    assert urls.address("eu-west-1_aB3", domain, "aws") == address


@pytest.mark.parametrize(
    ("partition", "region", "domain"),
    [
        ("aws-us-gov", "us-gov-west-1", "shop.auth-fips.us-gov-west-1.amazoncognito.com"),
        ("aws-eusc", "eusc-de-east-1", "shop.auth.cognito-idp.eusc-de-east-1.on.amazonwebservices.eu"),
    ],
)
def test_sign_in_page_has_the_domain_of_its_partition(partition: str, region: str, domain: str) -> None:
    assert urls.address(f"{region}_aB3", "shop", partition) == f"https://{domain}"
    assert urls.address(f"{region}_aB3", "login.example.com", partition) == "https://login.example.com"


@pytest.mark.parametrize("domain", ["", None])
def test_a_pool_without_a_domain_is_rejected(domain: str | None) -> None:
    with pytest.raises(ValueError, match=r"authorization\.user_pool must be .*, got 'eu-west-1_aB3'\. Add a domain"):
        urls.address("eu-west-1_aB3", domain, "aws")


@pytest.mark.parametrize(
    ("domain", "url"),
    [
        ("d1.cloudfront.net", "https://d1.cloudfront.net"),
        ("d1.cloudfront.localhost:4566", "http://d1.cloudfront.localhost:4566"),
    ],
)
def test_only_a_domain_with_a_port_is_without_tls(domain: str, url: str) -> None:
    assert urls.origin(domain) == url
