"""How new code reaches callers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from .base import SettingsGroup, one_of, setting

GRADUAL = (
    *(f"Canary10Percent{minutes}Minutes" for minutes in (5, 10, 15, 30)),
    "Linear10PercentEvery1Minute",
    *(f"Linear10PercentEvery{minutes}Minutes" for minutes in (2, 3, 10)),
)
"""CodeDeploy's own ways of shifting a Lambda alias, without `CodeDeployDefault.Lambda`."""


@dataclass(frozen=True, kw_only=True)
class RolloutSettings(SettingsGroup):
    """How the functions behind routes go from one version to the next."""

    strategy: str | None = setting(one_of("none", "AllAtOnce", *GRADUAL), key="rollout")
    """`none` calls the newest code; `AllAtOnce` calls an alias, which moves with the deployment; the others have
    CodeDeploy move it bit by bit, and back if an alarm enters the ALARM state."""

    SECTION: ClassVar[str] = "rollout"

    @property
    def uses_codedeploy(self) -> bool:
        """Whether CodeDeploy moves the aliases, and not the deployment."""
        return self.strategy in GRADUAL
