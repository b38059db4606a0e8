"""Lambda functions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from .base import SettingsGroup, between, boolean, invalid_value, one_of, setting

LOG_RETENTION_DAYS = (
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
)  # fmt: skip
"""What CloudWatch Logs accepts."""
RUNTIMES = ("python3.9", "python3.10", "python3.11", "python3.12", "python3.13", "python3.14", "python3.15")
"""Python runtimes of Lambda on which the code of the library runs."""


@dataclass(frozen=True, kw_only=True)
class FunctionSettings(SettingsGroup):
    """How a Lambda function runs."""

    runtime: str | None = setting(one_of(*RUNTIMES), key="lambda_runtime")
    """Lambda's name of the runtime, e.g. `python3.13`."""
    memory_mb: int | None = setting(between(128, 10240, "MB"), key="lambda_memory_size")
    """Memory; processor time comes in proportion."""
    timeout_seconds: int | None = setting(between(1, 900, "seconds"), key="lambda_timeout_seconds")
    """Longest run of a function; behind API Gateway more than 29 is never waited for."""
    reserved_concurrency: int | None = setting(
        between(-1, 100_000, "(-1: none reserved)"), key="lambda_reserved_concurrency"
    )
    """Most executions at once, kept from the account's pool; -1 reserves none."""
    provisioned_concurrency: int | None = setting(
        between(0, 100_000, "(0: none)"), key="lambda_provisioned_concurrency"
    )
    """Executions of the functions behind routes that are kept started and paid for; 0 keeps none."""
    snap_start: bool | None = setting(boolean(), key="lambda_snap_start")
    """Workers of the functions behind routes begin from a snapshot: Python 3.12 and up."""
    tracing: bool | None = setting(boolean(), key="tracing")
    """X-Ray traces of the functions and of the API's stage."""
    log_retention_days: int | None = setting(one_of(*LOG_RETENTION_DAYS), key="log_retention_days")
    """How long logs are kept, in one of CloudWatch Logs' own periods."""

    SECTION: ClassVar[str] = "function"

    def __post_init__(self) -> None:
        super().__post_init__()
        started, reserved = self.provisioned_concurrency or 0, self.reserved_concurrency
        if started and reserved not in (None, -1) and started > (reserved or 0):
            expected = f"at most reserved_concurrency, {reserved}"
            remedy = "Lower it, or raise reserved_concurrency."
            raise invalid_value("function.provisioned_concurrency", started, expected, remedy)
        if not self.snap_start:
            return
        if self.provisioned_concurrency:
            expected, remedy = "0 with snap_start", "Lambda does not combine them: set only one."
            raise invalid_value("function.provisioned_concurrency", self.provisioned_concurrency, expected, remedy)
        if self.runtime and int(self.runtime.partition(".")[2]) < 12:
            remedy = "Set it to False, or use python3.12 or later."
            raise invalid_value("function.snap_start", True, f"False with runtime {self.runtime}", remedy)
