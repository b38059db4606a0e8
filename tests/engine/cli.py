"""The Pulumi CLI of the tests: from PATH, or built from its Go module."""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

MODULE = Path(__file__).parent
BUILT = MODULE.parents[1] / "build" / "engine"
BINARY = BUILT / "bin" / "pulumi"
VERSION = "3.274.1"
PACKAGE = "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"
STAMP = "github.com/pulumi/pulumi/sdk/v3/go/common/version.Version"
MINIMUM = tuple(int(part) for part in version("pulumi").split(".")[:2])
"""Minimum version of a CLI on PATH: the version of the SDK."""


class CliUnavailable(Exception):
    """Error if neither a Pulumi CLI nor Go is installed, or if the build fails."""


@functools.cache
def root() -> Path:
    """Return the folder that contains the CLI as `bin/pulumi`. Build the CLI on first use, which takes minutes."""
    installed = shutil.which("pulumi")
    if installed and _version(installed) >= MINIMUM:
        return _link(Path(installed))
    if not BINARY.exists():
        build()
    return BUILT


def build() -> None:
    """Build the CLI from its Go module."""
    go = shutil.which("go")
    if go is None:
        raise CliUnavailable("A Pulumi CLI is required, or Go to build it. Install one of them to run tests/engine.")
    partial = BINARY.with_name(f"pulumi-{os.getpid()}")
    command = [go, "build", "-o", str(partial), "-ldflags", f"-X {STAMP}=v{VERSION}", PACKAGE]
    process = subprocess.run(command, cwd=MODULE, capture_output=True, text=True, check=False)
    if process.returncode:
        raise CliUnavailable(f"The build of the Pulumi CLI with Go failed: {process.stderr.strip()[-500:]}")
    partial.replace(BINARY)


def _version(command: str) -> tuple[int, ...]:
    output = subprocess.run([command, "version"], capture_output=True, text=True, check=False).stdout.strip()
    return tuple(int(part) for part in output.lstrip("v").split("-")[0].split(".")[:2] if part.isdecimal())


def _link(command: Path) -> Path:
    """Return a folder with a link to the CLI as `bin/pulumi`, which the Automation API expects."""
    link = BUILT / "path" / "bin" / "pulumi"
    link.parent.mkdir(parents=True, exist_ok=True)
    link.unlink(missing_ok=True)
    link.symlink_to(command)
    return link.parents[1]


def main() -> int:
    """Build the CLI unless it exists, before concurrent test processes require it."""
    if not (shutil.which("pulumi") or BINARY.exists()):
        print(f"building the Pulumi CLI {VERSION} from its Go module; the first time takes minutes ...", flush=True)
    try:
        print(f"tests/engine uses {root() / 'bin' / 'pulumi'}")
    except CliUnavailable as error:
        print(error)
    return 0


if __name__ == "__main__":
    sys.exit(main())
