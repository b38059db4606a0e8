"""The commands of the Makefile, as far as they need no account."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PULUMI = """#!/bin/sh
echo "$@" >> "{log}"
case "$1 $2" in "stack output") echo '{{"service": "items", "api_url": "https://example.com"}}';; esac
"""


class Checkout:
    """A copy of what the Makefile works on, with a virtual environment that is this one."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "checkout"
        self.path = folder / "bin"
        self.log = folder / "pulumi.log"
        self.path.mkdir()
        for tool in ("sh", "bash", "awk", "cat", "touch", "env", "make", "rm", "tail"):
            (self.path / tool).symlink_to(str(shutil.which(tool)))
        ignored = shutil.ignore_patterns(".*", "__pycache__", "build", "cfn-outputs", "node_modules")
        shutil.copytree(".", self.folder, ignore=ignored)
        (self.folder / ".venv" / "bin").mkdir(parents=True)
        (self.folder / ".venv" / "bin" / "python").symlink_to(sys.executable)
        (self.folder / ".venv" / ".installed").touch()

    def pulumi(self) -> None:
        """Put a Pulumi CLI where commands are found that writes down what it is told."""
        script = self.path / "pulumi"
        script.write_text(PULUMI.format(log=self.log), encoding="utf-8")
        script.chmod(0o755)

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

    def told(self) -> list[str]:
        """What the Pulumi CLI was told."""
        return self.log.read_text(encoding="utf-8").splitlines()


@pytest.fixture(name="checkout")
def checkout_fixture(tmp_path: Path) -> Checkout:
    """A checkout of its own."""
    return Checkout(tmp_path)


def test_make_alone_lists_the_commands(checkout: Checkout) -> None:
    said = checkout.make().stdout
    commands = "local site test lint audit bench load scaling cost preview up rollback outputs destroy restore failover"
    for command in commands.split():
        assert f"  make {command} " in said


def test_costs_are_of_every_environment_unless_one_is_named(checkout: Checkout) -> None:
    assert checkout.make("-n", "cost").stdout.split() == [".venv/bin/python", "-m", "lib", "cost"]
    named = checkout.make("-n", "cost", "ENV=prod", "SERVICE=stock", "REQUESTS=5").stdout
    assert shlex.split(named)[4:] == ["--service", "stock", "--env", "prod", "--requests", "5"]


def test_load_passes_its_variables_as_options(checkout: Checkout) -> None:
    words = checkout.make("-n", "load", "SERVICE=items", "CLIENTS=2", "SECONDS=3", "WORKERS=4", "CONFIG=a=b c=d").stdout
    options = "--service items --env dev --clients 2 --seconds 3 --workers 4 --config a=b --config c=d"
    assert shlex.split(words) == ["exec", ".venv/bin/python", "-m", "lib", "load", *options.split()]
    deployed = shlex.split(checkout.make("-n", "load", "URL=http://a", "TAP_OUTPUTS=file").stdout)
    assert deployed[5:] == ["--env", "dev", "--url", "http://a", "--outputs", "file"]


@pytest.mark.parametrize("command", ["preview", "up", "outputs", "destroy"])
def test_without_a_pulumi_cli_one_line_says_so(checkout: Checkout, command: str) -> None:
    done = checkout.make(command)
    assert done.returncode != 0
    assert done.stderr.startswith("error: no Pulumi CLI found: ")
    assert done.stdout == ""


def test_preview_creates_the_file_of_its_stack_and_no_other(checkout: Checkout) -> None:
    checkout.pulumi()
    before = {path.name for path in checkout.folder.iterdir()}
    assert checkout.make("preview", "ENV=prod", "SERVICE=stock").returncode == 0
    assert checkout.told()[0] == "stack select --create stock-prod"
    assert checkout.told()[-1] == "preview --stack stock-prod"
    assert {path.name for path in checkout.folder.iterdir()} - before == {"Pulumi.stock-prod.yaml"}


def test_overrides_of_a_preview_are_not_saved(checkout: Checkout) -> None:
    checkout.pulumi()
    assert checkout.make("preview", "CONFIG=tracing=true rollout=none").returncode == 0
    assert checkout.told()[-1].endswith("Pulumi.items-dev.yaml --config tracing=true --config rollout=none")
    assert "tracing" not in (checkout.folder / "Pulumi.items-dev.yaml").read_text(encoding="utf-8")


def test_unattended_deployment_writes_its_outputs(checkout: Checkout) -> None:
    checkout.pulumi()
    assert checkout.make("up", "ENV=dev", "YES=1").returncode == 0
    assert "up --stack items-dev --yes" in checkout.told()
    assert '"items-dev"' in (checkout.folder / "cfn-outputs" / "all-outputs.json").read_text(encoding="utf-8")


@pytest.mark.parametrize("command", ["up", "destroy"])
@pytest.mark.parametrize("words", [[], ["YES=0"]])
def test_deployment_without_a_terminal_needs_yes(checkout: Checkout, command: str, words: list[str]) -> None:
    checkout.pulumi()
    done = checkout.make(command, *words)
    assert done.returncode != 0
    assert done.stderr.startswith(
        f"error: There is no terminal to confirm the changes. Confirm them with tap {command} --yes, "
        f"or make {command} YES=1.\n"
    )
    assert not checkout.log.exists()


def test_destroy_names_the_stack(checkout: Checkout) -> None:
    checkout.pulumi()
    assert checkout.make("destroy", "ENV=dev", "YES=1").returncode == 0
    assert checkout.told() == ["destroy --stack items-dev --yes"]


def test_a_restore_is_of_the_service_the_environment_and_the_table_it_is_told(checkout: Checkout) -> None:
    (checkout.folder / "cfn-outputs").mkdir()
    outputs = checkout.folder / "cfn-outputs" / "all-outputs.json"
    outputs.write_text('{"stock-prod": {"table_names": {"levels": "l"}}}', encoding="utf-8")
    done = checkout.make("restore", "SERVICE=stock", "ENV=prod", "TABLE=letters", "AT=2026-11-20T10:00:00Z", "APPLY=1")
    assert done.returncode != 0
    assert done.stderr.startswith("error: table must be one of levels, got 'letters'.\n")


@pytest.mark.parametrize("command", ["rollback", "prune"])
def test_a_rollback_is_of_the_named_service_and_environment(checkout: Checkout, command: str) -> None:
    (checkout.folder / "cfn-outputs").mkdir()
    outputs = checkout.folder / "cfn-outputs" / "all-outputs.json"
    outputs.write_text('{"stock-prod": {"service": "stock", "environment": "prod"}}', encoding="utf-8")
    for words in (["SERVICE=items"], ["ENV=dev"]):
        done = checkout.make(command, *words)
        assert done.returncode != 0
        assert "got those of stock-prod. Run make outputs with SERVICE and ENV." in done.stderr


def test_products_are_for_the_environment_that_is_named(checkout: Checkout) -> None:
    (checkout.folder / "cfn-outputs").mkdir()
    outputs = checkout.folder / "cfn-outputs" / "flat-outputs.json"
    outputs.write_text('{"stock_api_url": "http://127.0.0.1:9", "stock_environment": "prod"}', encoding="utf-8")
    done = checkout.make("seed", "ENV=dev")
    assert done.returncode != 0
    assert "must have the outputs of stock in dev, got those of prod" in done.stderr


def test_a_fail_over_says_what_it_lacks(checkout: Checkout) -> None:
    assert checkout.make("failover").stderr.startswith("error: Missing option '--to'. Run ")
    assert checkout.make("failover", "TO=us-west-2", "DRY=1").stderr.startswith("error: no Pulumi CLI found")


def test_pages_are_built_with_the_npm_there_is(checkout: Checkout) -> None:
    npm = checkout.path / "npm"
    npm.write_text("#!/bin/sh\n", encoding="utf-8")
    npm.chmod(0o755)
    assert checkout.make("site").returncode == 0


@pytest.mark.parametrize(
    ("words", "asked"),
    [
        ([], ""),
        (["ENV=pr-7"], "--env pr-7"),
        (["SERVICE=items", "ENV=dev", "SARIF=x"], "--service items --env dev --sarif x"),
        (["CONFIG=tracing=true user_pool_mfa=ON"], "--config tracing=true --config user_pool_mfa=ON"),
    ],
)
def test_an_audit_is_of_everything_but_what_is_named(checkout: Checkout, words: list[str], asked: str) -> None:
    command = checkout.make("--dry-run", "audit", *words).stdout
    assert shlex.split(command)[1:] == ["-m", "lib", "audit", *asked.split()]


def test_an_audit_that_fails_nothing_ends_well(checkout: Checkout) -> None:
    done = checkout.make("audit", "SERVICE=items", "ENV=dev")
    assert (done.returncode, done.stderr) == (0, "")
    assert " 0 failed; " in done.stdout.splitlines()[-1]


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
    checkout.pulumi()
    done = checkout.make("up", word, "YES=1")
    assert done.returncode != 0
    name = word.partition("=")[0]
    message = f"{name} is not a variable of this Makefile. Did you mean {nearest}? The variables are: API_KEY "
    assert message in done.stderr
    assert not checkout.log.exists()


@pytest.mark.parametrize("name", ["APPLY", "CHECK", "DRY", "EXACT", "FAST", "YES"])
def test_switches_are_1_or_0(checkout: Checkout, name: str) -> None:
    for value in ("no", "yes", "1 0"):
        done = checkout.make("--dry-run", "restore", f"{name}={value}")
        assert done.returncode != 0
        assert f"{name} must be 1 or 0, got {value}." in done.stderr


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("restore", ["TABLE=items", "APPLY=0", "EXACT=0"]),
        ("failover", ["TO=us-west-2", "DRY=0"]),
        ("local", ["CHECK=0"]),
        ("test", ["FAST=0"]),
        ("destroy", ["YES=0"]),
    ],
)
def test_0_switches_off(checkout: Checkout, command: str, words: list[str]) -> None:
    unset = [word for word in words if not word.endswith("=0")]
    done = checkout.make("--dry-run", command, *words)
    assert done.returncode == 0
    assert done.stdout == checkout.make("--dry-run", command, *unset).stdout


def test_misspelt_variables_are_rejected_without_python(checkout: Checkout) -> None:
    shutil.rmtree(checkout.folder / ".venv")
    done = checkout.make("help", "ENVIROMENT=prod")
    assert done.returncode != 0
    assert "ENVIROMENT is not a variable of this Makefile. The variables are: " in done.stderr


def test_every_variable_of_a_recipe_can_be_set(checkout: Checkout) -> None:
    text = Path("Makefile").read_text(encoding="utf-8")
    own = re.findall(r"^(?:define )?([A-Z_]+)(?: :?=|$)", text, re.MULTILINE)
    settings = set(re.findall(r"[$][(](?:call option,)?([A-Z_]+)[),]", text)) - {*own, "CURDIR", "MAKEFILE_LIST"}
    assert {"CONFIG", "ENV", "TABLE", "WORKERS"} <= settings
    words = [f"{name}=1" for name in sorted(settings)]
    assert checkout.make("--dry-run", "local", *words, "AWS_PROFILE=shop", "PIP_INDEX_URL=http://a").stderr == ""


def test_variables_of_the_environment_are_not_checked(checkout: Checkout, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENVIROMENT", "prod")
    assert checkout.make("help").returncode == 0
