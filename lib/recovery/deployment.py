"""A service in one region, as the Pulumi CLI deploys it."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from . import RecoveryError

STANDBY = {"tap:table_existing": "true", "tap:replica_regions": "none", "tap:zone_id": "none"}
"""What a standby is told besides: its tables stand, and DNS is not its own to change."""


@dataclass(frozen=True, kw_only=True)
class Deployment:
    """A service of an environment: at home, where its tables were made, or as a standby in a region of replicas."""

    service: str
    environment: str
    region: str
    home: str
    """The region where it is at home."""

    @property
    def standby(self) -> bool:
        """Whether it uses replicas."""
        return self.region != self.home

    @property
    def stack(self) -> str:
        """The name of its stack."""
        return "-".join([self.service, self.environment, *([self.region] if self.standby else [])])

    @property
    def config_file(self) -> Path:
        """Where its config is: the environment's file, and for a standby one of its own."""
        return Path(f"Pulumi.{self.stack if self.standby else self.environment}.yaml")

    def prepare(self) -> bool:
        """Make a standby's config from the environment's where it has none, and whether it had none; raises
        `RecoveryError` for one that names what is in the home region."""
        environments, made = Path(f"Pulumi.{self.environment}.yaml"), False
        if self.standby and environments.exists() and not self.config_file.exists():
            shutil.copyfile(environments, self.config_file)
            made = True
        if self.standby and self.config_file.exists():
            config = (yaml.safe_load(self.config_file.read_text(encoding="utf-8")) or {}).get("config") or {}
            if elsewhere := [key for key, value in config.items() if f":{self.home}:" in str(value)]:
                keys = ", ".join(elsewhere)
                raise RecoveryError(
                    f"{self.config_file}: {keys} names what is in {self.home}: give that of {self.region}"
                )
        return made

    def commands(self) -> list[list[str]]:
        """What deploys it, after a look at what it really is: it may have been stopped."""
        config = {"tap:environment": self.environment, "tap:service": self.service}
        if self.standby:
            config |= {"aws:region": self.region, **STANDBY}
        said = [word for key, value in config.items() for word in ("--config", f"{key}={value}")]
        file = ["--config-file", str(self.config_file)] if self.config_file.exists() else []
        return [
            ["pulumi", "stack", "select", "--create", self.stack],
            ["pulumi", "up", "--yes", "--refresh", *said, "--stack", self.stack, *file],
        ]

    def deploy(self) -> None:
        """Deploy it, the CLI telling how far it is; raises `RecoveryError`."""
        for command in self.commands():
            if subprocess.run([_cli(), *command[1:]], check=False).returncode:
                raise RecoveryError(f"{' '.join(command[:3])} failed: put right what it says, then run this again")

    def outputs(self) -> Mapping[str, Any]:
        """Its outputs, secrets among them; nothing where it is not deployed."""
        command = [_cli(), "stack", "output", "--json", "--show-secrets", "--stack", self.stack]
        done = subprocess.run(command, check=False, capture_output=True, text=True)
        if done.returncode and "no stack named" not in done.stderr:
            raise RecoveryError(f"stack {self.stack}: {done.stderr.strip()}")
        found: Mapping[str, Any] = {} if done.returncode else json.loads(done.stdout)
        return found


def _cli() -> str:
    found = shutil.which("pulumi")
    if found is None:
        raise RecoveryError("no Pulumi CLI found: install it from https://www.pulumi.com/docs/install/")
    return found
