"""Sites."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from .base import SettingsGroup, boolean, setting


@dataclass(frozen=True, kw_only=True)
class SiteSettings(SettingsGroup):
    """How a site's pages are served."""

    public: bool | None = setting(boolean())
    """A public bucket with an S3 website over HTTP, instead of a private one behind
    CloudFront."""

    SECTION: ClassVar[str] = "site"
