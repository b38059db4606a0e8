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
    """Settings of the deployment of new function versions."""

    strategy: str | None = setting(one_of("none", "AllAtOnce", *GRADUAL), key="rollout")
    """Deployment strategy. With `none`, callers invoke the latest code. With the others, they invoke an alias: each
    deployment moves it to the new version with `AllAtOnce`; otherwise, CodeDeploy shifts it gradually and rolls back if
    an alarm enters the ALARM state."""

    SECTION: ClassVar[str] = "rollout"

    @property
    def uses_codedeploy(self) -> bool:
        """Whether CodeDeploy shifts the aliases gradually."""
        return self.strategy in GRADUAL
