"""Packages and data files in the code of functions."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from lib.assets import packages
from lib.assets.function_code import check_code, function_paths, layer_paths
from lib.model import Function
from lib.settings import FunctionSettings
from tests.support.builders import a_function, a_route, a_service
from tests.support.wheels import Index

SETTINGS = FunctionSettings(runtime="python3.13", architecture="arm64")
DESK, SHOP = "shop.desk.operations", "shop.counter.operations"


@pytest.fixture(name="package")
def package_fixture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Folder of the handler package `shop.desk`, with data files. The package `shop.counter` is next to it."""
    folder = tmp_path / "sources" / "shop" / "desk"
    for package in (folder.parent, folder, folder.parent / "counter"):
        package.mkdir(parents=True)
        (package / "__init__.py").touch()
    (folder / "operations.py").touch()
    (folder / "prices.json").write_text("{}")
    (folder / "templates" / "mail").mkdir(parents=True)
    (folder / "templates" / "page.html").write_text("<p>")
    (folder / "templates" / "mail" / "logo.png").write_bytes(b"\x89PNG\xff")
    (folder / "templates" / "__pycache__").mkdir()
    (folder / "templates" / "__pycache__" / "cached.pyc").touch()
    monkeypatch.delitem(sys.modules, "shop", raising=False)  # of an earlier test
    monkeypatch.syspath_prepend(str(tmp_path / "sources"))
    return folder


def desk(**changes: Any) -> Function:
    return a_function(**{"handler": DESK, **changes})


def check(*functions: Function, shared_type: str = "", settings: FunctionSettings = SETTINGS) -> None:
    """Check the code of a service with functions that have the same settings."""
    service = a_service(functions=functions, shared_type=shared_type, alarm_pattern=None)
    check_code(service, {function.name: settings for function in functions})


def code_paths(function: Function, settings: FunctionSettings = SETTINGS) -> dict[str, Path]:
    """Return the paths in the archive of a function without a layer."""
    return function_paths(a_service(functions=(function,)), function, {function.name: settings})


def error(*functions: Function, shared_type: str = "") -> str:
    """Return the error that a check of functions raises."""
    with pytest.raises(ValueError, match="must") as caught:
        check(*functions, shared_type=shared_type)
    return str(caught.value)


@pytest.mark.usefixtures("package")
def test_function_without_packages_and_files_has_no_paths() -> None:
    assert code_paths(desk()) == {}
    check(desk(), settings=FunctionSettings())


@pytest.mark.parametrize(
    ("patterns", "names"),
    [
        (("*.json",), ["prices.json"]),
        (("templates/*.html", "prices.json", "*.json"), ["templates/page.html", "prices.json"]),
        (("templates/**",), ["templates/mail/logo.png", "templates/page.html"]),
        (("**/*",), ["prices.json", "templates/mail/logo.png", "templates/page.html"]),
    ],
)
def test_patterns_select_data_files(package: Path, patterns: tuple[str, ...], names: list[str]) -> None:
    function = desk(files=patterns)
    assert code_paths(function) == {f"shop/desk/{name}": package / name for name in names}
    check(function)


def test_pattern_without_match_is_rejected(package: Path) -> None:
    assert error(desk(files=("*.json", "*.csv"))) == (
        "function 'desk' files must be patterns of existing files, got '*.csv'. "
        f"No file in {package} matches: create one, or correct the pattern."
    )


def test_invalid_pattern_is_rejected(package: Path) -> None:
    assert package.is_dir()
    assert error(desk(files=("a**b",))).startswith("function 'desk' files must be valid glob patterns, got 'a**b'. Inv")
    with pytest.raises(ValueError, match="Function 'desk' files\\[0\\] must be a string, got 3"):
        desk(files=(3,))


def test_file_name_that_is_not_utf_8_is_rejected(package: Path) -> None:
    Path(os.fsdecode(os.fsencode(package) + b"/\xff.json")).touch()
    assert "files must be files with UTF-8 names, got " in error(desk(files=("*.json",)))


def test_link_to_a_file_outside_of_the_package_is_rejected(package: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret.json"
    secret.touch()
    (package / "link.json").symlink_to(secret)
    assert error(desk(files=("link.json",))) == (
        f"function 'desk' files must be in the folder {package}, got '{package / 'link.json'}'. "
        f"It is a link to {secret}: copy the file."
    )


def test_installed_packages_are_in_the_code(package: Path, index: Index) -> None:
    index.add("stamps", tag="cp313-cp313-manylinux_2_34_aarch64")
    (package / "requirements.txt").write_text("stamps\n")
    function = desk(requirements="requirements.txt", files=("prices.json",))
    check(function)
    paths = code_paths(function)
    assert sorted(paths) == ["shop/desk/prices.json", "stamps", "stamps-1.0.dist-info"]
    assert packages.installed_folder(paths["stamps"]) == paths["stamps"].parent
    assert paths["stamps"].parents[1].name == "python3.13-arm64"
    assert (package / "requirements.lock").is_file()


def test_requirements_can_be_outside_of_the_package(package: Path, index: Index) -> None:
    index.add("stamps")
    path = package.parents[1] / "requirements.txt"
    path.write_text("stamps\n")
    for requirements in ("../../requirements.txt", str(path)):
        assert "stamps" in code_paths(desk(requirements=requirements))


def test_missing_requirements_file_is_rejected(package: Path) -> None:
    assert error(desk(requirements="needs.txt")) == (
        "function 'desk' requirements must be an existing file, got 'needs.txt'. "
        f"Create it, or correct the path, which is relative to {package}."
    )


def test_package_without_a_wheel_for_the_runtime_is_rejected(package: Path, index: Index) -> None:
    index.add("stamps", tag="cp313-cp313-manylinux_2_34_x86_64")
    (package / "requirements.txt").write_text("stamps\n")
    message = error(desk(requirements="requirements.txt"))
    assert message.startswith(
        "function 'desk' requirements must be packages with wheels for python3.13 on arm64, got No solution found when "
        "resolving dependencies"
    )
    assert "stamps==1.0 has no " in message
    assert message.endswith(". Require other versions, or change lambda_runtime or lambda_architecture.")


def test_unknown_package_is_rejected(package: Path, index: Index) -> None:
    index.add("stamps")
    (package / "requirements.txt").write_text("stamps>=2\n")
    message = error(desk(requirements="requirements.txt"))
    assert message.startswith("function 'desk' requirements must be installable packages, got No solution found ")
    assert "only stamps==1.0 is available" in message or "only stamps<=1.0 is available" in message
    assert message.endswith("unsatisfiable.")


def test_stale_lock_file_names_the_function(package: Path, index: Index) -> None:
    index.add("stamps")
    requirements = package / "requirements.txt"
    requirements.write_text("stamps\n")
    check(desk(requirements="requirements.txt"))
    requirements.write_text("stamps<3\n")
    message = error(desk(requirements="requirements.txt"))
    assert message.startswith("function 'desk': ")
    assert message.endswith(
        f"requirements.lock must match requirements.txt, which has changed. Run tap lock {requirements}."
    )


@pytest.mark.parametrize("name", ["shop", "tap_stack", "validators"])
def test_package_with_the_name_of_other_code_is_rejected(package: Path, index: Index, name: str) -> None:
    index.add(name)
    (package / "requirements.txt").write_text(f"{name}\n")
    assert error(desk(requirements="requirements.txt")) == (
        f"function 'desk' requirements must be packages with other modules, got '{name}'. The function contains other "
        "code with this name: rename it, or remove the package."
    )


def test_code_that_is_too_large_unzipped_is_rejected(package: Path, index: Index) -> None:
    index.add("stamps", b"#" * 1024 * 1024)
    (package / "requirements.txt").write_text("stamps\n")
    with (package / "model.bin").open("wb") as file:
        os.truncate(file.fileno(), 249 * 1024 * 1024)  # zeros, which need no space on the disk
    assert error(desk(requirements="requirements.txt", files=("*.bin", "*.json"))).startswith(
        "function 'desk' code must be at most 250 MB unzipped, got 250."
    )


@pytest.mark.slow
def test_code_that_is_too_large_zipped_is_rejected(package: Path, index: Index) -> None:
    index.add("stamps", os.urandom(2 * 1024 * 1024))
    (package / "requirements.txt").write_text("stamps\n")
    (package / "model.bin").write_bytes(os.urandom(49 * 1024 * 1024))
    check(desk(files=("*.bin",)))
    assert error(desk(requirements="requirements.txt", files=("*.bin",))) == (
        "function 'desk' code must be at most 50 MB zipped, got 51.0 MB (largest unzipped: shop/desk/model.bin "
        "49.0 MB, stamps 2.0 MB, stamps-1.0.dist-info 0.0 MB). Remove packages or files, read large files from Amazon "
        "S3, or publish packages as a layer and set layers."
    )


def test_common_layer_contains_common_packages(package: Path, index: Index) -> None:
    index.add("stamps")
    (package / "requirements.txt").write_text("stamps\n")
    functions = [desk(name=name, routes=(a_route(path=f"/{name}"),), requirements="requirements.txt") for name in "ab"]
    check(*functions, shared_type="shared")
    service = a_service(functions=tuple(functions), shared_type="shared")
    settings = dict.fromkeys("ab", SETTINGS)
    assert layer_paths(service, settings).keys() == {"stamps", "stamps-1.0.dist-info"}
    assert [function_paths(service, function, settings) for function in functions] == [{}, {}]
    settings["b"] = replace(SETTINGS, architecture="x86_64")
    assert layer_paths(service, settings) == {}
    folders = [function_paths(service, function, settings)["stamps"].parents[1].name for function in functions]
    assert folders == ["python3.13-arm64", "python3.13-x86_64"]


def test_different_packages_are_in_the_archives_of_the_functions(package: Path, index: Index) -> None:
    index.add("stamps")
    index.add("paper")
    counter = package.parent / "counter"
    (counter / "operations.py").touch()
    for folder, name in ((package, "stamps"), (counter, "paper")):
        (folder / "requirements.txt").write_text(f"{name}\n")
    functions = [
        desk(name="a", requirements="requirements.txt", files=("*.json",)),
        desk(name="b", handler=SHOP, routes=(a_route(path="/b"),), requirements="requirements.txt"),
        desk(name="c", routes=(a_route(path="/c"),)),
    ]
    check(*functions, shared_type="shared")
    service = a_service(functions=tuple(functions), shared_type="shared")
    settings = dict.fromkeys("abc", SETTINGS)
    assert layer_paths(service, settings).keys() == {"shop/desk/prices.json"}
    packages_of = [{*function_paths(service, function, settings)} for function in functions]
    assert packages_of == [{"stamps", "stamps-1.0.dist-info"}, {"paper", "paper-1.0.dist-info"}, set()]


def test_size_of_a_function_includes_its_layer(package: Path) -> None:
    for name, size in (("a", 150), ("b", 110)):
        with (package / f"{name}.bin").open("wb") as file:
            os.truncate(file.fileno(), size * 1024 * 1024)
    functions = [desk(name=name, routes=(a_route(path=f"/{name}"),), files=(f"{name}.bin",)) for name in "ab"]
    assert error(*functions, shared_type="shared").startswith(
        "function 'a' code must be at most 250 MB unzipped, got 260."
    )


@pytest.mark.slow
def test_layer_that_is_too_large_zipped_is_rejected(package: Path) -> None:
    (package / "model.bin").write_bytes(os.urandom(51 * 1024 * 1024))
    assert error(desk(files=("*.bin",)), shared_type="shared").startswith(
        "layer 'shared' code must be at most 50 MB zipped, got 51.0 MB"
    )


def test_large_code_that_compresses_well_is_accepted(package: Path) -> None:
    with (package / "model.bin").open("wb") as file:
        os.truncate(file.fileno(), 51 * 1024 * 1024)
    check(desk(files=("*.bin",)))
