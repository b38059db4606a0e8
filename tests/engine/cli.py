"""The Pulumi CLI that the tests run: the one on PATH, or one built from its Go module."""

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
OLDEST = tuple(int(part) for part in version("pulumi").split(".")[:2])
"""Version of the SDK: an older CLI on PATH is not used."""


class CliUnavailable(Exception):
    """There is neither a Pulumi CLI nor Go to build one."""


@functools.cache
def root() -> Path:
    """Return the folder whose `bin/pulumi` is the CLI; build it on first use, which takes some minutes."""
    found = shutil.which("pulumi")
    if found and _version(found) >= OLDEST:
        return _linked(Path(found))
    if not BINARY.exists():
        build()
    return BUILT


def build() -> None:
    """Build the CLI from its Go module."""
    go = shutil.which("go")
    if go is None:
        raise CliUnavailable("no Pulumi CLI and no Go to build it: install either to run tests/engine")
    partial = BINARY.with_name(f"pulumi-{os.getpid()}")
    command = [go, "build", "-o", str(partial), "-ldflags", f"-X {STAMP}=v{VERSION}", PACKAGE]
    built = subprocess.run(command, cwd=MODULE, capture_output=True, text=True, check=False)
    if built.returncode:
        raise CliUnavailable(f"go could not build the Pulumi CLI: {built.stderr.strip()[-500:]}")
    partial.replace(BINARY)


def _version(command: str) -> tuple[int, ...]:
    text = subprocess.run([command, "version"], capture_output=True, text=True, check=False).stdout.strip()
    return tuple(int(part) for part in text.lstrip("v").split("-")[0].split(".")[:2] if part.isdecimal())


def _linked(command: Path) -> Path:
    """Return a folder with a `bin` that holds the CLI, as the Automation API expects it."""
    link = BUILT / "path" / "bin" / "pulumi"
    link.parent.mkdir(parents=True, exist_ok=True)
    link.unlink(missing_ok=True)
    link.symlink_to(command)
    return link.parents[1]


def main() -> int:
    """Make sure that there is a CLI, before several processes need it."""
    if not (shutil.which("pulumi") or BINARY.exists()):
        print(f"building the Pulumi CLI {VERSION} from its Go module, once: some minutes ...", flush=True)
    try:
        print(f"tests/engine run {root() / 'bin' / 'pulumi'}")
    except CliUnavailable as error:
        print(error)
    return 0


if __name__ == "__main__":
    sys.exit(main())
