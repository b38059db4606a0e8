"""Output files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from lib.client import outputs_file, smoke_test

ITEMS = {"service": "items", "api_url": "http://a", "table_names": {"table": "t"}}
STOCK = {"service": "stock", "api_url": "http://b", "api_key": "k"}
STACKS: dict[str, dict[str, Any]] = {"items-dev": ITEMS, "stock-dev": STOCK}


def prefixed(outputs: dict[str, Any]) -> dict[str, Any]:
    return {f"{outputs['service']}_{name}": value for name, value in outputs.items()}


@pytest.mark.parametrize(
    ("stacks", "flat"),
    [({"dev": STOCK}, {**STOCK, **prefixed(STOCK)}), (STACKS, {**ITEMS, **prefixed(ITEMS), **prefixed(STOCK)})],
    ids=["one stack", "several stacks"],
)
def test_both_files_contain_the_outputs(tmp_path: Path, stacks: dict[str, Any], flat: dict[str, Any]) -> None:
    outputs_file.write(stacks, tmp_path / "new")
    files = {path.name: json.loads(path.read_text(encoding="utf-8")) for path in (tmp_path / "new").iterdir()}
    assert files == {outputs_file.ALL: stacks, outputs_file.FLAT: flat}
    for name in files:
        assert outputs_file.read(tmp_path / "new" / name) == flat
        assert outputs_file.read_service(tmp_path / "new" / name, "stock") == STOCK


def test_two_stacks_of_one_service_are_rejected(tmp_path: Path) -> None:
    outputs_file.write({**STACKS, "items-prod": ITEMS}, tmp_path)
    path = tmp_path / outputs_file.ALL
    with pytest.raises(outputs_file.OutputsError) as error:
        outputs_file.read(path)
    assert str(error.value) == (
        f"{path} must contain one stack of the items service, got items-dev, items-prod. Remove the others."
    )


def test_outputs_of_a_deployment_on_aws_are_written_without_secrets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    outputs_file.write_stack("items-prod", {"service": "items", "api_url": "u", "api_key": "[secret]"})
    assert json.loads((tmp_path / "cfn-outputs" / outputs_file.ALL).read_text(encoding="utf-8")) == {
        "items-prod": {"service": "items", "api_url": "u"}
    }


@pytest.mark.parametrize(
    ("outputs", "option", "headers"),
    [
        ({}, None, {}),
        ({"items_api_key": "output"}, None, {"x-api-key": "output"}),
        ({"items_api_key": "output"}, "option", {"x-api-key": "option"}),
    ],
)
def test_endpoint_has_the_url_and_the_api_key_of_the_outputs(
    tmp_path: Path, outputs: dict[str, str], option: str | None, headers: dict[str, str]
) -> None:
    path = tmp_path / outputs_file.FLAT
    path.write_text(json.dumps({"items_api_url": "https://example.com", **outputs}), encoding="utf-8")
    url, authorization, _ = smoke_test.endpoint(path, "items", option)
    assert (url, authorization("GET", url, None)) == ("https://example.com", headers)


@pytest.mark.parametrize("content", ['{"stock_api_url": "https://example.com"}', "no JSON"])
def test_missing_service_is_an_error_that_names_the_commands(tmp_path: Path, content: str) -> None:
    (tmp_path / outputs_file.FLAT).write_text(content, encoding="utf-8")
    with pytest.raises(outputs_file.OutputsError, match="make local or make up"):
        outputs_file.read_service(tmp_path / outputs_file.FLAT, "items")


@pytest.mark.parametrize(
    "outputs", [{"post_api_urls": {"admin": "https://a"}}, {"post_function_urls": {"hooks": "https://h"}}]
)
def test_service_without_the_default_api_has_other_endpoints(tmp_path: Path, outputs: dict[str, Any]) -> None:
    path = tmp_path / outputs_file.FLAT
    path.write_text(json.dumps(outputs), encoding="utf-8")
    assert outputs_file.services(path) == ["post"]
    deployed = smoke_test.endpoint(path, "post")
    assert [deployed.url] == [*deployed.urls.values()]


def test_service_without_an_api_is_an_error_that_names_the_reason(tmp_path: Path) -> None:
    path = tmp_path / outputs_file.FLAT
    path.write_text('{"jobs_service": "jobs", "jobs_environment": "dev"}', encoding="utf-8")
    with pytest.raises(outputs_file.OutputsError, match=r"jobs must have an API, but its outputs in .* have no"):
        outputs_file.read_service(path, "jobs")
