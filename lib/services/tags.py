"""Default tags of the services."""

from __future__ import annotations

from ..model import DEFAULT_TAGS

PROJECT_TAGS = {"Project": "IaC-Nova-Test", "Owner": "LLM-Eval"}
SERVICE_TAGS = {**PROJECT_TAGS, **DEFAULT_TAGS}
