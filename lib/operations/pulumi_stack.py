"""Deployment of a service in one region with the Pulumi CLI."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..program import project
from . import OperationError, pulumi_cli

STANDBY_CONFIG = {"table_existing": "true", "replica_regions": "none", "zone_id": "none", "monthly_budget_usd": "0"}
"""Config of a standby, which uses existing tables. The primary stack manages DNS and the budget of the account."""


@dataclass(frozen=True, kw_only=True)
class RegionalStack:
    """A stack of a service: the primary, which creates the tables, or a standby in a region with table replicas."""

    service: str
    environment: str
    region: str
    primary_region: str

    @property
    def is_standby(self) -> bool:
        """Whether the stack uses existing table replicas."""
        return self.region != self.primary_region

    @property
    def stack(self) -> str:
        """The name of the stack."""
        return "-".join([self.service, self.environment, *([self.region] if self.is_standby else [])])

    @property
    def config_file(self) -> Path:
        """The config file of the stack."""
        return project.stack_file(Path(), self.stack)

    def prepare(self) -> bool:
        """Create the config file unless it exists, and return whether it was created.

        The file of a standby is a copy of the primary stack's file. Raise `OperationError` if the copy contains ARNs
        in the primary region, or secrets that only the primary stack can decrypt.
        """
        primary = pulumi_cli.Stack(
            pulumi_project=project.read(Path()), service=self.service, environment=self.environment
        )
        if not self.is_standby:
            is_created = primary.create_file()
            primary.complete_file()
            return is_created
        is_created = primary.file.exists() and not self.config_file.exists()
        if is_created:
            self._check_secrets(primary)
            shutil.copyfile(primary.file, self.config_file)
        if self.config_file.exists():
            self._check_region()
        return is_created

    def _check_secrets(self, primary: pulumi_cli.Stack) -> None:
        document = project.read_yaml(primary.file)
        # Pulumi Cloud encrypts with a key per stack. Other secrets providers store the encrypted key in the file.
        if "'secure':" in str(document.get("config")) and not document.keys() & set(pulumi_cli.SECRETS_KEYS):
            raise OperationError(
                f"Only the stack {primary.name} can decrypt the secrets in {primary.file}. Run "
                f"pulumi stack init {self.stack} and pulumi config cp --stack {primary.name} --dest {self.stack}, "
                "then run this command again."
            )

    def _check_region(self) -> None:
        config = project.read_yaml(self.config_file).get("config") or {}
        if keys := [key for key, value in config.items() if f":{self.primary_region}:" in str(value)]:
            raise OperationError(
                f"{', '.join(keys)} in {self.config_file} must not contain ARNs in {self.primary_region}. Replace them "
                f"with ARNs in {self.region}."
            )

    def commands(self) -> list[list[str]]:
        """Return the commands that deploy the stack.

        They refresh the state first, because an earlier failover might have changed the functions without Pulumi.
        """
        config = {"environment": self.environment, "service": self.service, "aws:region": self.region, **STANDBY_CONFIG}
        overrides = (
            [word for key, value in config.items() for word in ("--config", f"{key}={value}")]
            if self.is_standby
            else []
        )
        return [
            ["pulumi", "stack", "select", "--create", self.stack],
            ["pulumi", "up", "--yes", "--refresh", *overrides, "--stack", self.stack],
        ]

    def deploy(self) -> None:
        """Deploy the stack and show the output of the CLI. Raise `CliError` if the deployment fails."""
        for _, *arguments in self.commands():
            pulumi_cli.require_success(pulumi_cli.run(arguments), f"pulumi {arguments[0]} {arguments[1]}")

    def outputs(self) -> Mapping[str, Any]:
        """Return the outputs, including secrets, or an empty mapping if the stack is not deployed."""
        return pulumi_cli.read_outputs(self.stack, "--show-secrets")
