"""Packages, data files, layers and architecture of the functions of a stack."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pulumi
import pulumi_aws as aws
import pytest

from lib.assets.packages import installed_folder
from lib.program.recorder import record
from lib.settings import ApiSettings, FunctionSettings
from lib.tap_stack import TapStack, TapStackArgs

from ..support.builders import a_function, a_route, a_service
from ..support.programs import stacked
from ..support.wheels import Index

LAYER = "arn:aws:lambda:us-east-1:123456789012:layer:tools:3"
ORIGINS = "https://a.example.com,https://b.example.com"


@pytest.fixture(name="handler")
def handler_fixture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, index: Index) -> str:
    """Handler in a package with a requirements file and a data file."""
    index.add("stamps")
    folder = tmp_path / "sources" / "shop" / "desk"
    folder.mkdir(parents=True)
    for path in (folder.parent / "__init__.py", folder / "__init__.py", folder / "operations.py"):
        path.touch()
    (folder / "operations.py").write_text("def list_parcels(request): ...\ndef other(request): ...\n")
    (folder / "logo.png").write_bytes(b"\x89PNG")
    (folder / "requirements.txt").write_text("stamps\n")
    monkeypatch.delitem(sys.modules, "shop", raising=False)  # of an earlier test
    monkeypatch.syspath_prepend(str(tmp_path / "sources"))
    return "shop.desk.operations"


def paths(inputs: dict[str, Any]) -> dict[str, str]:
    """Return the files and folders on this machine in the archive of a function or layer."""
    assets = inputs["code"].assets.items()
    return {path: asset.path for path, asset in assets if not isinstance(asset, pulumi.StringAsset)}


def test_function_contains_its_packages_and_data_files(handler: str) -> None:
    function = a_function(handler=handler, requirements="requirements.txt", files=("*.png",))
    settings = FunctionSettings(architecture="arm64", ephemeral_storage_mb=1024)
    deployment = record(stacked(service=a_service(functions=(function,)), function=settings))
    inputs = deployment.single("lambda.Function").inputs
    assert (inputs["architectures"], inputs["ephemeralStorage"]) == (["arm64"], {"size": 1024})
    contents = paths(inputs)
    assert contents.keys() == {"shop/desk/logo.png", "stamps", "stamps-1.0.dist-info"}
    folder = installed_folder(Path(contents["stamps"]))
    assert folder is not None
    assert folder.parent.name == "python3.13-arm64"
    assert isinstance(inputs["code"].assets["stamps"], pulumi.FileArchive)
    assert isinstance(inputs["code"].assets["shop/desk/logo.png"], pulumi.FileAsset)


def test_split_functions_have_the_packages_in_their_common_layer(handler: str) -> None:
    routes = (a_route(), a_route(path="/other", operation="other"))
    function = a_function(*routes, handler=handler, requirements="requirements.txt", files=("*.png",), layers=(LAYER,))
    deployment = record(stacked(service=a_service(functions=(function,)), split_functions=True))
    contents = paths(deployment.single("lambda.LayerVersion").inputs)
    assert contents.keys() == {
        "python/shop/desk/logo.png",
        "python/stamps",
        "python/stamps-1.0.dist-info",
    }
    for inputs in deployment.inputs("lambda.Function").values():
        assert paths(inputs) == {}
        assert inputs["layers"] == ["arn:post-shared-layer", LAYER]


def test_stack_with_unusable_packages_is_rejected(handler: str) -> None:
    function = a_function(handler=handler, requirements="missing.txt")
    with pytest.raises(ValueError, match=r"function 'desk' requirements must be an existing file, got 'missing\.txt'"):
        TapStackArgs(service=a_service(functions=(function,)))


def test_layer_of_the_same_program_can_be_an_output() -> None:
    def program() -> None:
        code = pulumi.AssetArchive({"python/tools.py": pulumi.StringAsset("#")})
        layer = aws.lambda_.LayerVersion("tools", layer_name="tools", code=code)
        service = a_service(functions=(a_function(layers=(layer.arn, LAYER)),))
        TapStack("post", TapStackArgs(service=service))

    assert record(program).single("lambda.Function").inputs["layers"] == ["arn:tools", LAYER]


def test_every_function_has_the_architecture_of_the_stack() -> None:
    settings = FunctionSettings(architecture="arm64")
    functions = record(stacked(function=settings, api=ApiSettings(cors_origin=ORIGINS))).inputs("lambda.Function")
    assert len(functions) == 3  # also the one that responds to preflight requests
    assert [inputs["architectures"] for inputs in functions.values()] == [["arm64"]] * 3
