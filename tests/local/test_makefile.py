"""The commands of the Makefile, as far as they need no account."""

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
    """A copy of what the Makefile works on, with a virtual environment that is this one."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "checkout"
        self.path = folder / "bin"
        self.path.mkdir()
        for tool in ("sh", "bash", "awk", "cat", "touch", "env", "make", "rm", "tail", "tr"):
            (self.path / tool).symlink_to(str(shutil.which(tool)))
        ignored = shutil.ignore_patterns(".*", "__pycache__", "build", "cfn-outputs", "node_modules")
        shutil.copytree(".", self.folder, ignore=ignored)
        (self.folder / ".venv" / "bin").mkdir(parents=True)
        (self.folder / ".venv" / "bin" / "python").symlink_to(sys.executable)
        (self.folder / ".venv" / ".installed").touch()

    def make(self, *words: str) -> subprocess.CompletedProcess[str]:
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


@pytest.fixture(name="checkout")
def checkout_fixture(tmp_path: Path) -> Checkout:
    """A checkout of its own."""
    return Checkout(tmp_path)


def test_make_alone_lists_the_commands(checkout: Checkout) -> None:
    said = checkout.make().stdout
    commands = "local site test lint audit bench load scaling cost preview up rollback outputs destroy restore failover"
    for command in commands.split():
        assert f"  make {command} " in said


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
        ("docs", ""),
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
def test_variables_are_options_of_the_command(checkout: Checkout, words: str, options: str) -> None:
    command, *variables = shlex.split(words)
    done = checkout.make("--dry-run", command, *variables)
    assert done.stderr == ""
    expected = ["exec", ".venv/bin/python", "-m", "lib", command, *shlex.split(options)]
    assert shlex.split(done.stdout) == expected
    parse(expected[4:])


def parse(words: list[str]) -> None:
    """Fail unless the command has the options."""
    _, command, arguments = tap.resolve_command(click.Context(tap), words)
    assert command
    known = {option for parameter in command.params for option in parameter.opts}
    assert {word for word in arguments if word.startswith("--")} <= known


def test_environment_selects_the_stack_like_the_command_line(
    checkout: Checkout, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ENV", "prod")
    assert " --env 'prod'" in checkout.make("--dry-run", "up").stdout


def test_without_a_pulumi_cli_one_line_says_so(checkout: Checkout) -> None:
    done = checkout.make("preview")
    assert done.returncode != 0
    assert done.stderr.startswith("error: no Pulumi CLI found: ")
    assert done.stdout == ""


def test_pages_are_built_with_the_npm_there_is(checkout: Checkout) -> None:
    npm = checkout.path / "npm"
    npm.write_text("#!/bin/sh\n", encoding="utf-8")
    npm.chmod(0o755)
    assert checkout.make("site").returncode == 0


def test_a_missing_python_is_one_line(checkout: Checkout) -> None:
    (checkout.folder / ".venv" / ".installed").unlink()
    done = checkout.make("local", "PYTHON=python9")
    assert done.returncode != 0
    assert done.stdout == "error: no python9 found: install Python 3.11 or newer, or name one with PYTHON=...\n"


def test_a_python_that_is_too_old_is_one_line(checkout: Checkout) -> None:
    (checkout.folder / ".venv" / ".installed").unlink()
    old = checkout.path / "python3.9"
    old.write_text("#!/bin/sh\n[ $1 = --version ] && echo Python 3.9.2\nexit 1\n", encoding="utf-8")
    old.chmod(0o755)
    done = checkout.make("local", "PYTHON=python3.9")
    assert done.returncode != 0
    assert done.stdout == "error: Python 3.9.2 is too old: install Python 3.11 or newer, or name one with PYTHON=...\n"


NO_VENV = "The virtual environment was not created successfully because ensurepip is not available."
NO_NETWORK = "NewConnectionError(Failed to establish a new connection: [Errno 101] Network is unreachable)"
FULL = "OSError: [Errno 28] No space left on device"


@pytest.mark.parametrize(
    ("step", "message", "remedy"),
    [
        ("venv", NO_VENV, "cannot make a virtual environment: install its venv module (Debian: python3-venv)"),
        ("venv", FULL, "the disk is full: free 1 GB in {folder}"),
        ("venv", "Error: [Errno 13] Permission denied: '.venv'", "{folder} cannot be written: copy the project to a"),
        ("pip", FULL, "the disk is full: free 1 GB in {folder}"),
        ("pip", NO_NETWORK, "the package index cannot be reached: check the network, PIP_INDEX_URL and HTTPS_PROXY"),
    ],
)
def test_a_failed_installation_is_one_line_with_its_remedy(
    checkout: Checkout, step: str, message: str, remedy: str
) -> None:
    environment = checkout.folder / ".venv"
    failing = checkout.path / "python3"
    failing.write_text(f'#!/bin/sh\n[ $1 = -c ] && exit 0\necho "{message}" >&2\nexit 1\n', encoding="utf-8")
    failing.chmod(0o755)
    (environment / ".installed").unlink()
    (environment / "bin" / "python").unlink()
    if step == "pip":
        (environment / "bin" / "python").symlink_to(failing)
    done = checkout.make("local")
    assert done.returncode != 0
    (error,) = [line for line in done.stdout.splitlines() if not line.endswith(" ...")]
    assert error.startswith("error: ")
    assert remedy.format(folder=checkout.folder) in error
    assert error.endswith("; then run make again")
    assert environment.exists() == (step == "pip"), "what is half made is removed"


def test_a_failed_install_is_tried_again(checkout: Checkout) -> None:
    installed = checkout.folder / ".venv" / ".installed"
    installed.unlink()
    (checkout.folder / "requirements-dev.txt").write_text("no-such-package @ file:///nowhere\n", encoding="utf-8")
    done = checkout.make("local", f"PYTHON={sys.executable}")
    assert done.returncode != 0
    assert done.stdout.endswith(
        "error: the packages could not be installed, for the reason above; then run make again\n"
    )
    assert not installed.exists()


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
def test_misspelt_variables_are_rejected_with_the_nearest_name(checkout: Checkout, word: str, nearest: str) -> None:
    done = checkout.make("--dry-run", "up", word)
    assert done.returncode != 0
    name = word.partition("=")[0]
    message = f"{name} is not a variable of this Makefile. Did you mean {nearest}? The variables are: API_KEY "
    assert message in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize("name", ["APPLY", "CHECK", "DRY", "EXACT", "FAST", "YES"])
def test_switches_are_1_or_0(checkout: Checkout, name: str) -> None:
    for value in ("no", "yes", "1 0"):
        done = checkout.make("--dry-run", "restore", f"{name}={value}")
        assert done.returncode != 0
        assert f"{name} must be 1 or 0, got {value}." in done.stderr


def test_misspelt_variables_are_rejected_without_python(checkout: Checkout) -> None:
    shutil.rmtree(checkout.folder / ".venv")
    done = checkout.make("help", "ENVIROMENT=prod")
    assert done.returncode != 0
    assert "ENVIROMENT is not a variable of this Makefile. The variables are: " in done.stderr


def test_every_variable_of_a_command_can_be_set(checkout: Checkout) -> None:
    lists = re.findall(r"OPTIONS := ([A-Z ]+) ##", Path("Makefile").read_text(encoding="utf-8"))
    variables = {name for names in lists for name in names.split()} - {"STACK"}
    assert {"CONFIG", "ENV", "TABLE", "DRY"} <= variables
    words = [f"{name}=1" for name in sorted(variables)]
    assert checkout.make("--dry-run", "local", *words, "AWS_PROFILE=shop", "PIP_INDEX_URL=http://a").stderr == ""


def test_variables_of_the_environment_are_not_checked(checkout: Checkout, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENVIROMENT", "prod")
    assert checkout.make("help").returncode == 0


def test_switch_of_the_tests_can_be_off(checkout: Checkout) -> None:
    assert checkout.make("--dry-run", "test", "FAST=0").stdout == checkout.make("--dry-run", "test").stdout
    assert "tests/unit" in checkout.make("--dry-run", "test", "FAST=1").stdout
