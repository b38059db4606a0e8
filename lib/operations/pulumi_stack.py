"""A service in one region, as the Pulumi CLI deploys it."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..program import project
from . import RecoveryError, pulumi_cli

STANDBY = {"table_existing": "true", "replica_regions": "none", "zone_id": "none", "monthly_budget_usd": "0"}
"""Config of a standby: it uses existing tables, and leaves DNS and the budget of the account to the home stack."""


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
        """The config file of its stack."""
        return project.stack_file(Path(), self.stack)

    def prepare(self) -> bool:
        """Create its config file unless it exists, for a standby from the file at home. Return whether it was created.

        Raise `RecoveryError` for the config of a standby that names what is in the home region, or that needs the
        stack at home to decrypt it.
        """
        home = pulumi_cli.Stack(here=project.read(Path()), service=self.service, environment=self.environment)
        if not self.standby:
            created = home.create_file()
            home.complete_file()
            return created
        created = home.file.exists() and not self.config_file.exists()
        if created:
            self._check_secrets(home)
            shutil.copyfile(home.file, self.config_file)
        if self.config_file.exists():
            self._check_region()
        return created

    def _check_secrets(self, home: pulumi_cli.Stack) -> None:
        document = project.read_yaml(home.file)
        # Pulumi Cloud encrypts with a key of the stack, every other secrets provider with what is in the file.
        if "'secure':" in str(document.get("config")) and not document.keys() & set(pulumi_cli.SECRETS_KEYS):
            copying = f"pulumi config cp --stack {home.name} --dest {self.stack}"
            raise RecoveryError(
                f"only the stack {home.name} can decrypt the secrets in {home.file}: "
                f"run pulumi stack init {self.stack} and {copying}, then run this again"
            )

    def _check_region(self) -> None:
        config = project.read_yaml(self.config_file).get("config") or {}
        if elsewhere := [key for key, value in config.items() if f":{self.home}:" in str(value)]:
            keys = ", ".join(elsewhere)
            raise RecoveryError(f"{self.config_file}: {keys} names what is in {self.home}: give that of {self.region}")

    def commands(self) -> list[list[str]]:
        """What deploys it, after a look at what it really is: it may have been stopped."""
        config = {"environment": self.environment, "service": self.service, "aws:region": self.region, **STANDBY}
        overrides = (
            [word for key, value in config.items() for word in ("--config", f"{key}={value}")] if self.standby else []
        )
        return [
            ["pulumi", "stack", "select", "--create", self.stack],
            ["pulumi", "up", "--yes", "--refresh", *overrides, "--stack", self.stack],
        ]

    def deploy(self) -> None:
        """Deploy it, the CLI telling how far it is; raises `CliError`."""
        for _, *words in self.commands():
            pulumi_cli.require_success(pulumi_cli.run(words), f"pulumi {words[0]} {words[1]}")

    def outputs(self) -> Mapping[str, Any]:
        """Its outputs, secrets among them; nothing where it is not deployed."""
        return pulumi_cli.read_outputs(self.stack, "--show-secrets")
