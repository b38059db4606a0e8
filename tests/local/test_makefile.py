"""The commands of the Makefile, as far as they need no account."""

from __future__ import annotations

import os
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
        for tool in ("sh", "bash", "awk", "cat", "touch", "env", "make"):
            (self.path / tool).symlink_to(str(shutil.which(tool)))
        ignored = shutil.ignore_patterns(".*", "__pycache__", "cfn-outputs", "build")
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
            ["make", *words], cwd=self.folder, env=environment, capture_output=True, text=True, check=False
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
    assert checkout.make("-n", "cost").stdout.split() == [".venv/bin/python", "-m", "lib.cost"]
    named = checkout.make("-n", "cost", "ENV=prod", "SERVICE=stock", "REQUESTS=5").stdout
    assert named.split()[3:] == ["--service", "stock", "--env", "prod", "--requests", "5"]


@pytest.mark.parametrize("command", ["preview", "up", "outputs", "destroy"])
def test_without_a_pulumi_cli_one_line_says_so(checkout: Checkout, command: str) -> None:
    done = checkout.make(command)
    assert done.returncode != 0
    assert done.stdout.splitlines() == [line for line in done.stdout.splitlines() if "no Pulumi CLI found" in line]
    assert len(done.stdout.splitlines()) == 1


def test_a_preview_names_stack_service_and_environment(checkout: Checkout) -> None:
    checkout.pulumi()
    assert checkout.make("preview", "ENV=prod").returncode == 0
    assert checkout.told() == [
        "stack select --create items-prod",
        "preview --config tap:environment=prod --config tap:service=items --stack items-prod "
        "--config-file Pulumi.prod.yaml",
    ]


def test_an_environment_without_a_file_needs_none(checkout: Checkout) -> None:
    checkout.pulumi()
    checkout.make("preview", "ENV=pr-7")
    assert checkout.told()[1].endswith("--config tap:environment=pr-7 --config tap:service=items --stack items-pr-7")


def test_what_is_put_up_leaves_its_outputs(checkout: Checkout) -> None:
    checkout.pulumi()
    assert checkout.make("up", "ENV=dev").returncode == 0
    assert [line.split()[0] for line in checkout.told()] == ["stack", "up", "stack"]
    assert '"items-dev"' in (checkout.folder / "cfn-outputs" / "all-outputs.json").read_text(encoding="utf-8")


def test_destroying_leaves_the_environments_file_alone(checkout: Checkout) -> None:
    checkout.pulumi()
    checkout.make("destroy", "ENV=dev")
    assert checkout.told()[1] == "destroy --stack items-dev --config-file Pulumi.dev.yaml"


def test_a_restore_is_of_the_service_the_environment_and_the_table_it_is_told(checkout: Checkout) -> None:
    (checkout.folder / "cfn-outputs").mkdir()
    outputs = checkout.folder / "cfn-outputs" / "all-outputs.json"
    outputs.write_text('{"stock-prod": {"table_names": {"levels": "l"}}}', encoding="utf-8")
    done = checkout.make("restore", "SERVICE=stock", "ENV=prod", "TABLE=letters", "AT=2026-11-20T10:00:00Z", "APPLY=1")
    assert done.returncode != 0
    assert done.stdout == "error: TABLE 'letters': give one of levels\n"


def test_a_fail_over_says_what_it_lacks(checkout: Checkout) -> None:
    assert checkout.make("failover").stdout.startswith("error: TO is not said: give a region")
    assert checkout.make("failover", "TO=us-west-2", "DRY=1").stdout.startswith("error: no Pulumi CLI found")


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
        (["CONFIG=tracing=true user_pool_mfa=ON"], "--config 'tracing=true' --config 'user_pool_mfa=ON'"),
    ],
)
def test_an_audit_is_of_everything_but_what_is_named(checkout: Checkout, words: list[str], asked: str) -> None:
    command = checkout.make("--dry-run", "audit", *words).stdout
    assert " ".join(command.split()).endswith(f"-m lib.audit {asked}".rstrip())


def test_an_audit_that_fails_nothing_ends_well(checkout: Checkout) -> None:
    done = checkout.make("audit", "SERVICE=items", "ENV=dev")
    assert (done.returncode, done.stderr) == (0, "")
    assert " 0 failed; " in done.stdout.splitlines()[-1]


def test_a_missing_python_is_one_line(checkout: Checkout) -> None:
    (checkout.folder / ".venv" / ".installed").unlink()
    done = checkout.make("local", "PYTHON=python9")
    assert done.returncode != 0
    assert done.stdout == "error: no python9 found: install Python 3.11 or newer, or name one with PYTHON=...\n"


def test_a_failed_install_is_one_line_and_is_tried_again(checkout: Checkout) -> None:
    installed = checkout.folder / ".venv" / ".installed"
    installed.unlink()
    (checkout.folder / "requirements-dev.txt").write_text("no-such-package @ file:///nowhere\n", encoding="utf-8")
    done = checkout.make("local", f"PYTHON={sys.executable}")
    assert done.returncode != 0
    assert done.stdout.endswith(
        "error: the packages could not be installed: see pip's message above, then run make again\n"
    )
    assert not installed.exists()
