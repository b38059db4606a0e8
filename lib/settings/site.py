"""Sites."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from .base import Layer, flag, setting


@dataclass(frozen=True, kw_only=True)
class SiteSettings(Layer):
    """How a site's pages are served."""

    public: bool | None = setting(flag())
    """A public bucket with an S3 website over HTTP, instead of a private one behind
    CloudFront."""

    WHERE: ClassVar[str] = "site"
