"""Deployment strategies of new function versions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from .base import SettingsGroup, one_of, setting

GRADUAL = (
    *(f"Canary10Percent{minutes}Minutes" for minutes in (5, 10, 15, 30)),
    "Linear10PercentEvery1Minute",
    *(f"Linear10PercentEvery{minutes}Minutes" for minutes in (2, 3, 10)),
)
"""Traffic shifting configurations of CodeDeploy, without their prefix `CodeDeployDefault.Lambda`."""


@dataclass(frozen=True, kw_only=True)
class RolloutSettings(SettingsGroup):
    """Settings of the deployment of new versions of functions with routes."""

    strategy: str | None = setting(one_of("none", "AllAtOnce", *GRADUAL), key="rollout")
    """Deployment strategy. `none` invokes the latest code without an alias. `AllAtOnce` invokes an alias, which each
    deployment updates. With the others, CodeDeploy shifts the alias gradually and rolls back if an alarm enters the
    ALARM state."""

    SECTION: ClassVar[str] = "rollout"

    @property
    def uses_codedeploy(self) -> bool:
        """Whether CodeDeploy shifts the aliases gradually."""
        return self.strategy in GRADUAL
