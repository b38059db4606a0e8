"""What there is to look at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from .base import Layer, flag, setting


@dataclass(frozen=True, kw_only=True)
class ObservationSettings(Layer):
    """What there is to look at besides logs and alarms."""

    dashboard: bool | None = setting(flag(), key="dashboard")
    """A CloudWatch dashboard of the service."""

    WHERE: ClassVar[str] = "observation"
