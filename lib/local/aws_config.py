"""Credentials of a local deployment for other processes, in an AWS config file that only the user can read.

`AWS_CONFIG_FILE=cfn-outputs/local-aws-config AWS_PROFILE=tap-local aws ...` calls the emulator.
"""

from __future__ import annotations

import os
from pathlib import Path

import boto3
import botocore.session

from .emulator import REGION, Emulator

FILE = "local-aws-config"
PROFILE = "tap-local"


class AwsConfigError(Exception):
    """Missing AWS config file of a local deployment. The message contains the remedy."""


def write(emulator: Emulator, folder: Path) -> Path:
    """Write the config file next to the outputs of a deployment, and return its path."""
    settings = {
        "endpoint_url": emulator.url,
        "region": REGION,
        "aws_access_key_id": emulator.key_id,
        "aws_secret_access_key": emulator.secret_key,
    }
    content = "\n".join([f"[profile {PROFILE}]", *(f"{name} = {value}" for name, value in settings.items()), ""])
    folder.mkdir(parents=True, exist_ok=True)
    temporary = folder / f".{FILE}.new"
    temporary.unlink(missing_ok=True)
    temporary.touch(0o600, exist_ok=False)
    temporary.write_text(content, encoding="utf-8")
    return temporary.replace(folder / FILE)


def session(folder: Path) -> boto3.Session:
    """Return a session for the emulator of the local deployment with outputs in `folder`."""
    path = folder / FILE
    if not path.is_file():
        raise AwsConfigError(f"{path} does not exist. Run make local, which writes it.")
    core = botocore.session.Session(profile=PROFILE)
    core.set_config_variable("config_file", str(path))
    core.set_config_variable("credentials_file", os.devnull)
    return boto3.Session(botocore_session=core)
