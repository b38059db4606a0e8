"""Command `tap seed`: demo data for a deployed stock service."""

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
    """Write an outputs file and return its path."""
    path = folder / "flat-outputs.json"
    path.write_text(json.dumps({f"stock_{name}": value for name, value in outputs.items()}), encoding="utf-8")
    return str(path)


@pytest.fixture(name="outputs_path")
def outputs_path_fixture(shop: Shop, tmp_path: Path) -> str:
    """Return the path of an outputs file with the API key, like that of a local deployment."""
    if "x-api-key" not in shop.http.key:
        pytest.skip("the deployment does not use API keys")
    return write(tmp_path, api_url=shop.http.url, api_key=shop.http.key["x-api-key"])


def test_products_are_created_once(shop: Shop, outputs_path: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["seed", "--count", str(COUNT), "--outputs", outputs_path]) == 0
    first = re.search(r"products created: (\d+), existing: (\d+)", capsys.readouterr().out)
    assert first
    assert sum(map(int, first.groups())) == COUNT, "other tests might have created some of them"
    assert main(["seed", "--count", str(COUNT), "--outputs", outputs_path]) == 0
    assert f"products created: 0, existing: {COUNT}" in capsys.readouterr().out
    lamp = shop.level("LAMP-120")
    assert (lamp["threshold_level"], lamp["status"]) == (7, "IN_STOCK")
    assert shop.level("DESK-104")["status"] == "LOW_STOCK"
    assert {"CREATED", "FULFILLED", "ADJUSTED"} <= set(shop.movement_types("LAMP-120"))
    shop.check_consistency("LAMP-120", "DESK-104")


def test_throttled_request_is_retried(tmp_path: Path) -> None:
    with serving() as fake:
        fake.script = [(429, {}), (429, {}), (409, {})]
        outputs_path = write(tmp_path, api_url=fake.url, api_key="a key")
        assert main(["seed", "--count", "1", "--outputs", outputs_path]) == 0
        assert len(fake.calls) == 3


def test_persistent_throttling_is_an_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with serving() as fake:
        fake.script = [(429, {"error": "busy"})]
        outputs_path = write(tmp_path, api_url=fake.url, api_key="a key")
        assert main(["seed", "--count", "1", "--outputs", outputs_path]) == 1
    assert 'POST /inventory must return 201, got 429: {"error": "busy"}' in capsys.readouterr().err


def test_wrong_api_key_is_an_error(outputs_path: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["seed", "--count", "1", "--outputs", outputs_path, "--api-key", "wrong"]) == 1
    assert "error: POST /inventory must return 201, got 403" in capsys.readouterr().err


def test_service_without_demo_data_is_an_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["seed", "--service", "items", "--outputs", write(tmp_path)]) == 1
    assert capsys.readouterr().err == ("error: items has no demo data. Set seed=SeedData(...) in its ServiceFactory.\n")


def test_missing_outputs_file_is_an_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["seed", "--outputs", str(tmp_path / "none.json")]) == 1
    assert (
        "must contain the outputs of stock. Run make local or make up SERVICE=stock first." in capsys.readouterr().err
    )


@pytest.mark.usefixtures("keyed")
def test_api_key_missing_in_the_outputs_is_read_from_aws(
    shop: Shop, tmp_path: Path, aws_environment: pytest.MonkeyPatch
) -> None:
    if "://127.0.0.1" not in shop.http.url:
        pytest.skip("on AWS the command uses the credentials of the other tests")
    aws_environment.setenv("AWS_ENDPOINT_URL", shop.http.url.partition("/restapis")[0])
    credentials = session(shop.outputs).get_credentials()
    aws_environment.setenv("AWS_ACCESS_KEY_ID", credentials.access_key)
    aws_environment.setenv("AWS_SECRET_ACCESS_KEY", credentials.secret_key)
    aws_environment.delenv("AWS_SESSION_TOKEN")
    names = ("api_url", "api_key_id", "lambda_function_arn")
    outputs_path = write(tmp_path, **{name: shop.outputs[name] for name in names})
    assert main(["seed", "--count", "1", "--outputs", outputs_path]) == 0


def test_outputs_of_another_environment_are_rejected(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with serving() as fake:
        fake.script = [(409, {})]
        path = write(tmp_path, api_url=fake.url, api_key="a key", environment="prod")
        assert main(["seed", "--count", "1", "--outputs", path, "--env", "dev"]) == 1
        assert not fake.calls
        assert main(["seed", "--count", "1", "--outputs", path, "--env", "prod"]) == 0
        assert len(fake.calls) == 1
    assert (
        f"error: {path} must contain the outputs of stock in dev, got those of prod. Run make local or make up ENV=dev"
        in capsys.readouterr().err
    )
