"""Hosting of static sites."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from .base import SettingsGroup, boolean, setting


@dataclass(frozen=True, kw_only=True)
class SiteSettings(SettingsGroup):
    """Settings of the static site."""

    public: bool | None = setting(boolean())
    """Whether the site is a public S3 website over HTTP instead of a private bucket behind CloudFront."""

    SECTION: ClassVar[str] = "site"
