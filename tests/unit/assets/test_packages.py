"""Lock files, and packages installed from them. The package index is a folder of the test."""

from __future__ import annotations

import re
import sys
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import PathDistribution
from pathlib import Path

import pytest

from lib.assets import lock_file, packages, uv
from lib.assets.lambda_archive import zip_files
from tests.support.wheels import LOCAL, Index

ARM = "cp313-cp313-manylinux_2_34_aarch64"
HASH = "    --hash=sha256:"


@pytest.fixture(name="requirements")
def requirements_fixture(tmp_path: Path) -> Path:
    """Requirements file of a function."""
    path = tmp_path / "shop" / "requirements.txt"
    path.parent.mkdir()
    path.write_text("# what the shop needs\nstamps>=1  # any\n")
    return path


def pins(lock: Path) -> list[str]:
    """Return the requirements in a lock file without hashes."""
    return [line.removesuffix(" \\") for line in lock.read_text().splitlines() if re.match(r"\w", line)]


def test_lock_file_has_versions_and_hashes_of_all_packages(index: Index, requirements: Path) -> None:
    index.add("stamps", requires=["paper", "gum; python_version < '3.12'"])
    index.add("paper", version="2.1")
    index.add("gum")
    lock = lock_file.lock(requirements)
    assert lock == requirements.with_name("requirements.lock")
    assert pins(lock) == ["gum==1.0 ; python_full_version < '3.12'", "paper==2.1", "stamps==1.0"]
    lines = lock.read_text().splitlines()
    assert lines[0].startswith("# tap lock: Python 3.11 and later, requirements sha256:")
    assert sum(line.startswith(HASH) for line in lines) == 3
    assert str(requirements.parent) not in lock.read_text()
    assert sorted(path.name for path in requirements.parent.iterdir()) == ["requirements.lock", "requirements.txt"]


def test_locked_versions_stay_until_an_upgrade(index: Index, requirements: Path) -> None:
    index.add("stamps")
    lock = lock_file.lock_of(requirements, "python3.13")
    index.add("stamps", version="2.0")
    assert lock_file.lock_of(requirements, "python3.13") == lock
    assert pins(lock) == pins(lock_file.lock(requirements)) == ["stamps==1.0"]
    assert pins(lock_file.lock(requirements, upgrade=True)) == ["stamps==2.0"]


def test_new_lock_file_covers_an_older_runtime(index: Index, requirements: Path) -> None:
    index.add("stamps", requires=["gum; python_version < '3.10'"])
    index.add("gum")
    lock = lock_file.lock_of(requirements, "python3.9")
    assert pins(lock) == ["gum==1.0 ; python_full_version < '3.10'", "stamps==1.0"]


def test_lock_file_of_changed_requirements_is_rejected(index: Index, requirements: Path) -> None:
    index.add("stamps")
    lock = lock_file.lock(requirements)
    requirements.write_text("stamps>=1   # another comment\n\n")
    assert lock_file.lock_of(requirements, "python3.13") == lock
    requirements.write_text("stamps>=1\npaper\n")
    with pytest.raises(ValueError, match="must match") as caught:
        lock_file.lock_of(requirements, "python3.13")
    assert str(caught.value) == (f"{lock} must match requirements.txt, which has changed. Run tap lock {requirements}.")


def test_lock_file_of_a_changed_included_file_is_rejected(index: Index, requirements: Path) -> None:
    index.add("stamps")
    base = requirements.with_name("base.txt")
    base.write_text("stamps\n")
    requirements.write_text("-r base.txt\n")
    assert pins(lock_file.lock_of(requirements, "python3.13")) == ["stamps==1.0"]
    base.write_text("stamps<2\n")
    with pytest.raises(ValueError, match=r"must match requirements\.txt"):
        lock_file.lock_of(requirements, "python3.13")
    base.unlink()
    with pytest.raises(ValueError, match=r"^requirements must be an existing file, got '.*base\.txt'\. Create it\.$"):
        lock_file.lock_of(requirements, "python3.13")


def test_lock_file_for_later_python_versions_is_rejected(index: Index, requirements: Path) -> None:
    index.add("stamps")
    lock = lock_file.lock(requirements)
    with pytest.raises(ValueError, match="must cover") as caught:
        lock_file.lock_of(requirements, "python3.10")
    assert str(caught.value) == (
        f"{lock} must cover python3.10, got versions for Python 3.11 and later. "
        f"Run tap lock --python 3.10 {requirements}."
    )


def test_lock_file_of_a_relative_path(index: Index, requirements: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    index.add("stamps")
    monkeypatch.chdir(requirements.parents[1])
    relative = requirements.relative_to(requirements.parents[1])
    assert lock_file.lock(relative) == relative.with_suffix(".lock")
    assert pins(requirements.with_suffix(".lock")) == ["stamps==1.0"]


def test_lock_file_of_another_tool_is_used(requirements: Path) -> None:
    lock = requirements.with_name("requirements.lock")
    lock.write_text("stamps==1.0 --hash=sha256:0\n")
    assert lock_file.lock_of(requirements, "python3.9") == lock


def test_requirements_with_hashes_are_their_own_lock_file(requirements: Path) -> None:
    requirements.write_text(f"--index-url https://example.com\nstamps==1.0 \\\n{HASH}0 \\\n{HASH}1\n")
    assert lock_file.lock_of(requirements, "python3.13") == requirements


@pytest.mark.usefixtures("index")
def test_error_of_an_unknown_package_names_it(requirements: Path) -> None:
    with pytest.raises(uv.UvError, match=r"^No solution found .* stamps was not found .*[^.]\.?$") as caught:
        lock_file.lock(requirements)
    assert "\n" not in str(caught.value)
    assert not requirements.with_name("requirements.lock").exists()


def test_packages_are_installed_for_the_platform_of_lambda(index: Index, requirements: Path) -> None:
    index.add("stamps", "PLACE = 'lambda'", tag=ARM)
    index.add("stamps", "PLACE = 'local'", tag=LOCAL)
    lock = lock_file.lock(requirements)
    folder = packages.install(lock, "python3.13", "arm64")
    assert folder.is_relative_to(index.cache)
    assert [*packages.files_in(folder)] == [
        "stamps/__init__.py",
        "stamps-1.0.dist-info/METADATA",
        "stamps-1.0.dist-info/WHEEL",
        "stamps-1.0.dist-info/entry_points.txt",
    ]
    assert (folder / "stamps/__init__.py").read_text() == "PLACE = 'lambda'"
    assert PathDistribution(folder / "stamps-1.0.dist-info").version == "1.0"
    local = packages.for_interpreter(folder)
    assert (local / "stamps/__init__.py").read_text() == "PLACE = 'local'"
    assert packages.files_in(local).keys() == packages.files_in(folder).keys()
    assert packages.installed_folder(folder / "stamps" / "__init__.py") == folder
    assert packages.installed_folder(folder) is packages.installed_folder(requirements) is None


def test_old_runtimes_have_an_old_linux(index: Index, requirements: Path) -> None:
    index.add("stamps", tag="py3-none-manylinux_2_28_x86_64")
    lock = lock_file.lock(requirements, python="3.9")
    assert packages.install(lock, "python3.12", "x86_64").is_dir()
    with pytest.raises(uv.UvError, match=r"stamps==1.0 has no .*wheels"):
        packages.install(lock, "python3.11", "x86_64")


def test_installed_packages_require_neither_index_nor_uv(
    index: Index, requirements: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    index.add("stamps", b"\n" * 1000)
    lock = lock_file.lock(requirements)
    folder = packages.install(lock, "python3.13", "x86_64")
    size = packages.installed_size(folder)
    assert size.unzipped == sum(path.stat().st_size for path in packages.files_in(folder).values())
    assert size.zipped < 1000 < size.unzipped
    assert capsys.readouterr().err.splitlines() == [
        f"Resolving the packages of {requirements}",
        f"Installing the packages of {lock} for python3.13-x86_64",
    ]
    monkeypatch.setattr(sys, "executable", "/nonexistent")
    assert packages.install(lock, "python3.13", "x86_64") == folder
    assert capsys.readouterr().err == ""


def test_functions_that_are_deployed_at_the_same_time_install_their_packages_once(
    index: Index, requirements: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    index.add("stamps")
    lock = lock_file.lock(requirements)
    with ThreadPoolExecutor(4) as threads:
        installed = {*threads.map(lambda _: packages.install(lock, "python3.13", "x86_64"), range(4))}
    assert capsys.readouterr().err.count("Installing") == 1
    (folder,) = installed
    assert {path.name for path in folder.iterdir()} == {"stamps", "stamps-1.0.dist-info"}
    assert {path.name for path in folder.parents[1].iterdir()} == {
        *("requirements.lock", "origin.txt", "python3.13-x86_64")
    }


def test_package_with_another_hash_is_not_installed(index: Index, requirements: Path) -> None:
    index.add("stamps")
    lock = lock_file.lock(requirements)
    lock.write_text(re.sub("sha256:[0-9a-f]{4}(?=[0-9a-f]* *\n)", "sha256:0000", lock.read_text()))
    with pytest.raises(uv.UvError, match="Hash mismatch for `stamps"):
        packages.install(lock, "python3.13", "x86_64")
    assert [path.name for path in (index.cache / packages.FOLDER).glob("*/*")] == []


@pytest.mark.parametrize(
    ("variables", "folder"),
    [
        ({"TAP_CACHE_DIR": "/var/cache/tap", "XDG_CACHE_HOME": "/x"}, "/var/cache/tap"),
        ({"XDG_CACHE_HOME": "/x"}, "/x/tap-stack"),
        ({"HOME": "/home/ada"}, "/home/ada/.cache/tap-stack"),
    ],
)
def test_cache_folder(variables: dict[str, str], folder: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("TAP_CACHE_DIR", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert uv.cache_folder() == Path(folder)


def test_cache_folder_that_cannot_be_created_is_rejected(requirements: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TAP_CACHE_DIR", str(requirements))
    requirements.write_text("stamps==1.0 --hash=sha256:0\n")
    with pytest.raises(ValueError, match="must be writable") as caught:
        packages.install(requirements, "python3.13", "arm64")
    assert str(caught.value) == (
        f"The cache folder {requirements} must be writable, got 'Not a directory'. "
        "Set TAP_CACHE_DIR to a writable folder."
    )


@pytest.mark.usefixtures("pypi")
def test_package_of_pypi_has_the_extension_module_of_the_architecture(requirements: Path) -> None:
    requirements.write_text("markupsafe==3.0.3\n")
    lock = lock_file.lock(requirements)
    extensions = {
        path.name
        for runtime, architecture in (("python3.13", "arm64"), ("python3.11", "x86_64"))
        for path in packages.install(lock, runtime, architecture).rglob("*.so")
    }
    assert extensions == {
        "_speedups.cpython-313-aarch64-linux-gnu.so",
        "_speedups.cpython-311-x86_64-linux-gnu.so",
    }


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (
            "--extra-index-url https://user:pass@example.com",
            "must not select a package index, got --extra-index-url. Set",
        ),
        ("--find-links=wheels", "must not select a package index, got --find-links. Set the variable UV_INDEX"),
        ("-i https://example.com", "must not select a package index, got -i. Set the variable UV_INDEX"),
        ("-e ../shared", r"must list packages of an index or wheels, got '-e \.\./shared'. Move the code into"),
        ("./shared ; python_version > '3'", r"must list packages of an index or wheels, got .\./shared ;"),
        ("file:///opt/shared", "must list packages of an index or wheels, got 'file:///opt/shared'"),
        ("-r requirements.txt", "requirements must not include each other, got .*requirements.txt' twice. Remove"),
    ],
)
def test_requirements_that_a_lock_file_cannot_replace_are_rejected(requirements: Path, line: str, message: str) -> None:
    requirements.write_text(f"{line}\nstamps\n")
    with pytest.raises(ValueError, match=message):
        lock_file.lock_of(requirements, "python3.13")


def test_wheel_next_to_the_requirements_is_installed_for_lambda_and_locally(index: Index, requirements: Path) -> None:
    index.add("stamps")
    (wheel,) = index.cache.parent.glob("index/stamps/*.whl")
    wheel.rename(requirements.with_name(wheel.name))
    requirements.write_text(f"./{wheel.name}\n")
    folder = packages.install(lock_file.lock_of(requirements, "python3.13"), "python3.13", "x86_64")
    assert (packages.for_interpreter(folder) / "stamps" / "__init__.py").exists()


def test_local_packages_are_installed_without_the_folder_of_the_requirements(index: Index, requirements: Path) -> None:
    index.add("stamps")
    folder = packages.install(lock_file.lock_of(requirements, "python3.13"), "python3.13", "x86_64")
    requirements.parent.rename(requirements.parent.with_name("moved"))
    assert (packages.for_interpreter(folder) / "stamps").is_dir()


def test_cache_of_the_first_version_is_used(index: Index, requirements: Path) -> None:
    index.add("stamps")
    folder = packages.install(lock_file.lock_of(requirements, "python3.13"), "python3.13", "x86_64")
    (folder.parents[1] / "origin.txt").unlink()
    assert (packages.for_interpreter(folder) / "stamps").is_dir()


def test_file_that_includes_locked_packages_needs_a_lock_file(index: Index, requirements: Path) -> None:
    index.add("stamps")
    lock_file.lock(requirements).rename(requirements.with_name("locked.txt"))
    requirements.write_text("-r locked.txt\n")
    lock = lock_file.lock_of(requirements, "python3.13")
    assert (lock.name, pins(lock)) == ("requirements.lock", ["stamps==1.0"])


@pytest.mark.parametrize("content", ["", "paper==1.0 --hash=sha256:0\n", "# tap lock: truncated"])
def test_lock_file_without_a_required_package_is_rejected(requirements: Path, content: str) -> None:
    lock = requirements.with_name("requirements.lock")
    lock.write_text(content)
    with pytest.raises(
        ValueError, match=r"requirements\.lock must contain all packages of requirements\.txt, got none "
    ):
        lock_file.lock_of(requirements, "python3.13")


def test_packages_are_compared_by_normalized_names(requirements: Path) -> None:
    lock = requirements.with_name("requirements.lock")
    requirements.with_name("limits.txt").write_text("gum<2\n")
    requirements.write_text("My.Stamps[extra]>=1\nold; python_version < '3.9'\n-c limits.txt\n")
    lock.write_text("my-stamps[extra]==1.0 --hash=sha256:0\n")
    assert lock_file.lock_of(requirements, "python3.13") == lock


def test_file_in_another_encoding_is_rejected(requirements: Path) -> None:
    requirements.write_bytes("stamps  # für".encode("latin-1"))
    with pytest.raises(ValueError, match=r"requirements\.txt must be UTF-8 text, got .*\. Save it as UTF-8\.$"):
        lock_file.lock_of(requirements, "python3.13")


def deny(**_: object) -> None:
    raise PermissionError(13, "Permission denied")


def test_lock_file_in_a_read_only_folder_is_rejected(requirements: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lock_file, "TemporaryDirectory", deny)
    with pytest.raises(
        ValueError, match=r"must be writable for the lock file of requirements\.txt, got 'Permission de"
    ):
        lock_file.lock_of(requirements, "python3.13")


def test_read_only_cache_is_used_but_not_written(
    index: Index, requirements: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    index.add("stamps")
    lock = lock_file.lock(requirements)
    installed = packages.install(lock, "python3.13", "x86_64")
    monkeypatch.setattr(packages, "TemporaryDirectory", deny)
    assert packages.install(lock, "python3.13", "x86_64") == installed
    with pytest.raises(
        ValueError, match=r"The cache folder .* must be writable, got 'Permission denied'. Set TAP_CACHE"
    ):
        packages.install(lock, "python3.12", "x86_64")


def test_zipped_size_includes_the_headers_of_many_small_files(tmp_path: Path) -> None:
    names = [f"{'package' * 5}/module_{number}.py" for number in range(200)]
    (tmp_path / names[0]).parent.mkdir()
    for name in names:
        (tmp_path / name).write_bytes(b"x")
    zipped = len(zip_files(dict.fromkeys(names, b"x")))
    # The archives of Pulumi also have data descriptors, of 16 bytes each.
    assert zipped <= packages.size_of(tmp_path).zipped <= zipped + 200 * 30
