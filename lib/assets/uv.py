"""Calls of uv, which resolves and installs Python packages."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

CACHE_VARIABLE = "TAP_CACHE_DIR"
"""Environment variable with the path of the cache folder."""
OPTIONS = ("--python", sys.executable, "--no-python-downloads", "--quiet", "--no-progress", "--color", "never")


class UvError(Exception):
    """Failure of uv. The message is the error that uv printed, in one line."""


def cache_folder() -> Path:
    """Return the folder of this user for downloaded and installed packages."""
    if path := os.environ.get(CACHE_VARIABLE):
        return Path(path).absolute()
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "tap-stack"


def run(*arguments: str, folder: Path, step: str) -> None:
    """Run uv in a folder, and print `step` to standard error before. Raise `UvError` if it fails."""
    print(step, file=sys.stderr)
    environment = {**os.environ, "UV_CACHE_DIR": str(cache_folder() / "uv"), "UV_LINK_MODE": "hardlink"}
    command = [sys.executable, "-P", "-m", "uv", "pip", *arguments, *OPTIONS]
    process = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, encoding="utf-8", check=False
    )
    if process.returncode:
        raise UvError(_error(process.stderr))


def _error(output: str) -> str:
    """Return the first paragraph of an error of uv, without its tree of causes."""
    paragraph = re.split(r"\n\s*\n", output.strip())[0]
    return " ".join(re.sub(r"(?m)^\s*(error:|cause:|[^\x00-\x7f]+)", "", paragraph).split())
