"""Makefile commands that require no AWS account."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import click
import pytest

from lib.cli import tap


class Checkout:
    """Folder with links to the files of the project and to the current virtual environment."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "checkout"
        self.path = folder / "bin"
        for tool in ("sh", "bash", "awk", "cat", "touch", "env", "make", "rm", "tail", "tr"):
            self.link(self.path / tool, Path(str(shutil.which(tool))))
        for entry in Path().iterdir():
            if not entry.name.startswith(".") and entry.name not in ("build", "cfn-outputs"):
                self.link(self.folder / entry.name, entry.absolute())
        self.python = self.folder / ".venv" / "bin" / "python"
        self.link(self.python, Path(sys.executable))
        self.installed = self.folder / ".venv" / ".installed"
        self.installed.touch()

    @staticmethod
    def link(path: Path, target: Path) -> None:
        """Create a symbolic link and its parent folder."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.symlink_to(target)

    def executable(self, name: str, script: str) -> None:
        """Create a shell script on the path."""
        program = self.path / name
        program.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
        program.chmod(0o755)

    def make(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run make."""
        environment = {**os.environ, "PATH": str(self.path), "PYTHONPATH": os.pathsep.join(sys.path)}
        for inherited in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS"):
            environment.pop(inherited, None)
        return subprocess.run(
            ["make", *words],
            cwd=self.folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )

    def error(self, *words: str) -> str:
        """Run make, which must fail, and return its stderr."""
        result = self.make(*words)
        assert result.returncode != 0
        assert result.stdout == ""
        return result.stderr


@pytest.fixture(scope="module", name="checkout")
def checkout_fixture(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """Checkout that the tests share. Tests must not change it."""
    return Checkout(tmp_path_factory.mktemp("unchanged"))


@pytest.fixture(name="new_checkout")
def new_checkout_fixture(tmp_path: Path) -> Checkout:
    """Checkout without installed packages."""
    checkout = Checkout(tmp_path)
    checkout.installed.unlink()
    return checkout


def test_make_without_arguments_lists_the_commands(checkout: Checkout) -> None:
    output = checkout.make().stdout
    commands = "local site test lint audit bench load scaling cost preview up rollback outputs destroy restore failover"
    for command in commands.split():
        assert f"  make {command} " in output


@pytest.mark.parametrize(
    ("words", "options"),
    [
        ("local", "--env dev"),
        ("local PORT=8080 CHECK=1 SERVICE=stock", "--service stock --env dev --port 8080 --check"),
        ("seed", ""),
        ("seed ENV=prod", "--env prod"),
        ("audit", ""),
        ("audit ENV=pr-7", "--env pr-7"),
        ("audit SERVICE=items ENV=dev SARIF=x", "--service items --env dev --sarif x"),
        ("audit CONFIG='tracing=true user_pool_mfa=ON'", "--config tracing=true --config user_pool_mfa=ON"),
        ("cost", ""),
        ("cost SERVICE=stock REQUESTS=5", "--service stock --requests 5"),
        ("load CLIENTS=2 SECONDS=3 WORKERS=4", "--env dev --clients 2 --seconds 3 --workers 4"),
        ("load SERVICE=items TAP_OUTPUTS=file", "--service items --env dev --outputs file"),
        ("preview ENV=prod CONFIG=a=b", "--service items --env prod --config a=b"),
        ("up YES=1", "--service items --env dev --yes"),
        ("up YES=0", "--service items --env dev"),
        ("outputs SERVICE=stock", "--service stock --env dev"),
        ("destroy YES=1", "--service items --env dev --yes"),
        ("rollback", ""),
        ("rollback SERVICE=stock ENV=prod", "--service stock --env prod"),
        ("prune ENV=prod", "--env prod"),
        ("restore TABLE=items AT=now APPLY=0 EXACT=0", "--stack items-dev --table items --at now"),
        ("restore SERVICE=stock FROM=a APPLY=1 EXACT=1", "--stack stock-dev --from a --apply --exact"),
        ("failover TO=us-west-2 ENV=prod DRY=1", "--service items --env prod --to us-west-2 --dry"),
        ("failover TO=us-west-2 HEALTH=/ DRY=0", "--service items --env dev --to us-west-2 --health /"),
    ],
)
def test_make_variables_become_command_options(checkout: Checkout, words: str, options: str) -> None:
    command, *variables = shlex.split(words)
    result = checkout.make("--dry-run", command, *variables)
    assert result.stderr == ""
    expected = ["exec", ".venv/bin/python", "-m", "lib", command, *shlex.split(options)]
    assert shlex.split(result.stdout) == expected
    parse(expected[4:])


def parse(words: list[str]) -> None:
    """Fail unless the command has the options."""
    _, command, arguments = tap.resolve_command(click.Context(tap), words)
    assert command
    known = {option for parameter in command.params for option in parameter.opts}
    assert {word for word in arguments if word.startswith("--")} <= known


def test_docs_generates_the_pages_before_the_site(checkout: Checkout) -> None:
    commands = checkout.make("--dry-run", "docs").stdout.splitlines()
    assert commands[0] == ".venv/bin/python -m lib docs"
    assert ".venv/bin/mkdocs build --strict " in commands[2]
    assert not any("http.server" in command for command in commands)
    served = checkout.make("--dry-run", "docs", "PORT=8000").stdout.splitlines()[-1]
    assert served == "exec .venv/bin/python -m http.server --bind 127.0.0.1 --directory build/site 8000"


def test_site_builds_the_pages(checkout: Checkout) -> None:
    assert shlex.split(checkout.make("--dry-run", "site").stdout) == [".venv/bin/python", "-m", "lib", "site", "build"]


def test_variable_from_the_environment_selects_the_stack(checkout: Checkout, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENV", "prod")
    assert " --env 'prod'" in checkout.make("--dry-run", "up").stdout


def test_missing_pulumi_cli_is_a_one_line_error(checkout: Checkout) -> None:
    assert checkout.error("preview").startswith("error: The Pulumi CLI is not installed. ")


@pytest.mark.parametrize(
    ("python", "message"),
    [("python9", "python9 is not installed"), ("python3.9", "Python 3.9.2 is too old")],
)
def test_unsuitable_python_is_a_one_line_error(new_checkout: Checkout, python: str, message: str) -> None:
    new_checkout.executable("python3.9", "[ $1 = --version ] && echo Python 3.9.2\nexit 1")
    result = new_checkout.make("local", f"PYTHON={python}")
    assert result.returncode != 0
    assert result.stdout == f"error: {message}. Install Python 3.11 or newer, or set PYTHON=path.\n"


NO_VENV = "The virtual environment was not created successfully because ensurepip is not available."
NO_NETWORK = "NewConnectionError(Failed to establish a new connection: [Errno 101] Network is unreachable)"
FULL = "OSError: [Errno 28] No space left on device"


@pytest.mark.parametrize(
    ("step", "message", "remedy"),
    [
        ("venv", NO_VENV, "cannot create a virtual environment. Install its venv module (Debian: python3-venv)"),
        ("venv", FULL, "The disk is full. Free 1 GB in {folder}"),
        ("venv", "Error: [Errno 13] Permission denied: '.venv'", "{folder} is not writable. Copy the project to a"),
        ("pip", FULL, "The disk is full. Free 1 GB in {folder}"),
        ("pip", NO_NETWORK, "The package index is not reachable. Check the network, PIP_INDEX_URL and HTTPS_PROXY"),
    ],
)
def test_failed_installation_is_a_one_line_error_with_a_remedy(
    new_checkout: Checkout, step: str, message: str, remedy: str
) -> None:
    environment = new_checkout.folder / ".venv"
    new_checkout.executable("python3", f'[ $1 = -c ] && exit 0\necho "{message}" >&2\nexit 1')
    new_checkout.python.unlink()
    if step == "pip":
        new_checkout.link(new_checkout.python, new_checkout.path / "python3")
    result = new_checkout.make("local")
    assert result.returncode != 0
    (error,) = [line for line in result.stdout.splitlines() if not line.endswith(" ...")]
    assert error.startswith("error: ")
    assert remedy.format(folder=new_checkout.folder) in error
    assert error.endswith(", then run make again.")
    assert environment.exists() == (step == "pip"), "an incomplete environment is removed"


def test_failed_installation_is_retried_by_the_next_command(new_checkout: Checkout) -> None:
    requirements = new_checkout.folder / "requirements-dev.txt"
    requirements.unlink()
    requirements.write_text("no-such-package @ file:///nowhere\n", encoding="utf-8")
    result = new_checkout.make("local", f"PYTHON={sys.executable}")
    assert result.returncode != 0
    assert result.stdout.endswith(
        "error: The packages could not be installed. Fix the error above, then run make again.\n"
    )
    assert not new_checkout.installed.exists()


@pytest.mark.parametrize(
    ("word", "nearest"),
    [
        ("ENVIROMENT=prod", "ENV"),
        ("ENVIRONMENT_SUFFIX=prod", "ENV"),
        ("env=prod", "ENV"),
        ("SERVCE=stock", "SERVICE"),
        ("PROT=8080", "PORT"),
        ("TAP_OUTPUT=file", "TAP_OUTPUTS"),
        ("CONFIGS=tracing=true", "CONFIG"),
    ],
)
def test_misspelled_variables_are_rejected_with_the_closest_name(checkout: Checkout, word: str, nearest: str) -> None:
    name = word.partition("=")[0]
    message = f"{name} is not a variable of this Makefile. Did you mean {nearest}? The variables are: API_KEY "
    assert message in checkout.error("--dry-run", "up", word)


@pytest.mark.parametrize("name", ["APPLY", "CHECK", "DRY", "EXACT", "FAST", "YES"])
@pytest.mark.parametrize("value", ["no", "1 0"])
def test_switches_accept_only_1_or_0(checkout: Checkout, name: str, value: str) -> None:
    assert f"{name} must be 1 or 0, got {value}." in checkout.error("--dry-run", "restore", f"{name}={value}")


def test_misspelled_variables_are_rejected_without_python(new_checkout: Checkout) -> None:
    new_checkout.python.unlink()
    message = "ENVIROMENT is not a variable of this Makefile. The variables are: "
    assert message in new_checkout.error("help", "ENVIROMENT=prod")


def test_every_variable_of_a_command_can_be_set(checkout: Checkout) -> None:
    lists = re.findall(r"OPTIONS := ([A-Z ]+) ##", Path("Makefile").read_text(encoding="utf-8"))
    variables = {name for names in lists for name in names.split()} - {"STACK"}
    assert {"CONFIG", "ENV", "TABLE", "DRY"} <= variables
    words = [f"{name}=1" for name in sorted(variables)]
    assert checkout.make("--dry-run", "local", *words, "AWS_PROFILE=shop", "PIP_INDEX_URL=http://a").stderr == ""


def test_variables_of_the_environment_are_not_checked(checkout: Checkout, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENVIROMENT", "prod")
    assert checkout.make("help").returncode == 0


def test_fast_switch_of_the_tests_can_be_disabled(checkout: Checkout) -> None:
    assert checkout.make("--dry-run", "test", "FAST=0").stdout == checkout.make("--dry-run", "test").stdout
    assert "tests/unit" in checkout.make("--dry-run", "test", "FAST=1").stdout
