"""Demo data for a stock service, wherever it is."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from lib.cli import main

from ...support.fake_aws import serving
from ..conftest import session
from .conftest import Shop

COUNT = 23


def write(folder: Path, **outputs: Any) -> str:
    """An outputs file."""
    path = folder / "flat-outputs.json"
    path.write_text(json.dumps({f"stock_{name}": value for name, value in outputs.items()}), encoding="utf-8")
    return str(path)


@pytest.fixture(name="told")
def told_fixture(shop: Shop, tmp_path: Path) -> str:
    """What a local run tells of the deployment."""
    if "x-api-key" not in shop.http.key:
        pytest.skip("callers of this deployment have no keys")
    return write(tmp_path, api_url=shop.http.url, api_key=shop.http.key["x-api-key"])


def test_products_are_made_once(shop: Shop, told: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["seed", "--count", str(COUNT), "--outputs", told]) == 0
    first = re.search(r"products created: (\d+), existing: (\d+)", capsys.readouterr().out)
    assert first
    assert sum(map(int, first.groups())) == COUNT, "other tests can have made the first ones"
    assert main(["seed", "--count", str(COUNT), "--outputs", told]) == 0
    assert f"products created: 0, existing: {COUNT}" in capsys.readouterr().out
    lamp = shop.level("LAMP-120")
    assert (lamp["threshold_level"], lamp["status"]) == (7, "IN_STOCK")
    assert shop.level("DESK-104")["status"] == "LOW_STOCK"
    assert {"CREATED", "FULFILLED", "ADJUSTED"} <= set(shop.types("LAMP-120"))
    shop.balanced("LAMP-120", "DESK-104")


def test_a_service_that_is_busy_is_asked_again(tmp_path: Path) -> None:
    with serving() as fake:
        fake.script = [(429, {}), (429, {}), (409, {})]
        told = write(tmp_path, api_url=fake.url, api_key="a key")
        assert main(["seed", "--count", "1", "--outputs", told]) == 0
        assert len(fake.asked) == 3


def test_one_that_stays_busy_is_told_of(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with serving() as fake:
        fake.script = [(429, {"error": "busy"})]
        told = write(tmp_path, api_url=fake.url, api_key="a key")
        assert main(["seed", "--count", "1", "--outputs", told]) == 1
    assert 'POST /inventory failed with status 429: {"error": "busy"}' in capsys.readouterr().err


def test_a_wrong_key_is_told_of(told: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["seed", "--count", "1", "--outputs", told, "--api-key", "wrong"]) == 1
    assert "error: POST /inventory failed with status 403" in capsys.readouterr().err


def test_service_without_demo_data_is_an_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["seed", "--service", "items", "--outputs", write(tmp_path)]) == 1
    assert capsys.readouterr().err == ("error: items has no demo data. Set seed=SeedData(...) in its ServiceFactory.\n")


def test_without_a_deployment_there_is_something_to_do_first(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["seed", "--outputs", str(tmp_path / "none.json")]) == 1
    assert (
        "must contain the outputs of stock. Run make local or make up SERVICE=stock first." in capsys.readouterr().err
    )


@pytest.mark.usefixtures("keyed")
def test_aws_tells_the_key_that_outputs_keep_secret(
    shop: Shop, tmp_path: Path, aws_environment: pytest.MonkeyPatch
) -> None:
    if "://127.0.0.1" not in shop.http.url:
        pytest.skip("on AWS the caller's own credentials are asked, which the other tests use")
    aws_environment.setenv("AWS_ENDPOINT_URL", shop.http.url.partition("/restapis")[0])
    credentials = session(shop.outputs).get_credentials()
    aws_environment.setenv("AWS_ACCESS_KEY_ID", credentials.access_key)
    aws_environment.setenv("AWS_SECRET_ACCESS_KEY", credentials.secret_key)
    aws_environment.delenv("AWS_SESSION_TOKEN")
    kept = ("api_url", "api_key_id", "dynamodb_table_arn")
    told = write(tmp_path, **{name: shop.outputs[name] for name in kept})
    assert main(["seed", "--count", "1", "--outputs", told]) == 0


def test_another_environment_than_the_named_one_gets_no_products(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with serving() as fake:
        fake.script = [(409, {})]
        path = write(tmp_path, api_url=fake.url, api_key="a key", environment="prod")
        assert main(["seed", "--count", "1", "--outputs", path, "--env", "dev"]) == 1
        assert not fake.asked
        assert main(["seed", "--count", "1", "--outputs", path, "--env", "prod"]) == 0
        assert len(fake.asked) == 1
    assert (
        f"error: {path} must contain the outputs of stock in dev, got those of prod. Run make local or make up ENV=dev"
        in capsys.readouterr().err
    )
