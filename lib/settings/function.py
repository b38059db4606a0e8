"""Lambda functions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from .base import SettingsGroup, between, boolean, invalid_value, one_of, setting

LOG_RETENTION_DAYS = (
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
)  # fmt: skip
"""Retention periods that CloudWatch Logs supports."""
RUNTIMES = ("python3.9", "python3.10", "python3.11", "python3.12", "python3.13", "python3.14", "python3.15")
"""Lambda runtimes that the library supports."""
ARCHITECTURES = ("x86_64", "arm64")
"""Instruction sets of Lambda."""
DEFAULT_STORAGE_MB = 512
"""Size of `/tmp` that Lambda includes in the price."""


@dataclass(frozen=True, kw_only=True)
class FunctionSettings(SettingsGroup):
    """Settings of Lambda functions."""

    runtime: str | None = setting(one_of(*RUNTIMES), key="lambda_runtime")
    """Lambda runtime, such as `python3.13`."""
    memory_mb: int | None = setting(between(128, 10240, "MB"), key="lambda_memory_size")
    """Memory in MB. Lambda allocates CPU in proportion to it."""
    architecture: str | None = setting(one_of(*ARCHITECTURES), key="lambda_architecture")
    """Instruction set: `x86_64`, or `arm64` for AWS Graviton processors."""
    ephemeral_storage_mb: int | None = setting(
        between(DEFAULT_STORAGE_MB, 10240, "MB"), key="lambda_ephemeral_storage_mb"
    )
    """Size of the folder `/tmp` in MB."""
    timeout_seconds: int | None = setting(between(1, 900, "seconds"), key="lambda_timeout_seconds")
    """Timeout of a function in seconds. API Gateway waits for at most 29 seconds."""
    reserved_concurrency: int | None = setting(
        between(-1, 100_000, "(-1: no reservation)"), key="lambda_reserved_concurrency"
    )
    """Reserved concurrency: the maximum number of concurrent executions, deducted from the quota of the account.
    -1 disables it."""
    provisioned_concurrency: int | None = setting(
        between(0, 100_000, "(0: disabled)"), key="lambda_provisioned_concurrency"
    )
    """Provisioned concurrency of functions with routes, which AWS bills all the time. 0 disables it."""
    snap_start: bool | None = setting(boolean(), key="lambda_snap_start")
    """Whether Lambda SnapStart starts functions with routes from a snapshot. Requires Python 3.12 or later."""
    tracing: bool | None = setting(boolean(), key="tracing")
    """Whether X-Ray traces the functions and the API stage."""
    log_retention_days: int | None = setting(one_of(*LOG_RETENTION_DAYS), key="log_retention_days")
    """Days for which CloudWatch Logs retains logs."""

    SECTION: ClassVar[str] = "function"

    def __post_init__(self) -> None:
        super().__post_init__()
        provisioned, reserved = self.provisioned_concurrency or 0, self.reserved_concurrency
        if provisioned and reserved not in (None, -1) and provisioned > (reserved or 0):
            expected = f"at most reserved_concurrency, {reserved}"
            remedy = "Lower it, or raise reserved_concurrency."
            raise invalid_value("function.provisioned_concurrency", provisioned, expected, remedy)
        if not self.snap_start:
            return
        if self.provisioned_concurrency:
            expected, remedy = "0 with snap_start", "Lambda does not combine them: set only one."
            raise invalid_value("function.provisioned_concurrency", self.provisioned_concurrency, expected, remedy)
        if (self.ephemeral_storage_mb or 0) > DEFAULT_STORAGE_MB:
            expected, remedy = f"{DEFAULT_STORAGE_MB} with snap_start", "Lambda does not combine them: set only one."
            raise invalid_value("function.ephemeral_storage_mb", self.ephemeral_storage_mb, expected, remedy)
        if self.runtime and int(self.runtime.partition(".")[2]) < 12:
            remedy = "Set it to False, or use python3.12 or later."
            raise invalid_value("function.snap_start", True, f"False with runtime {self.runtime}", remedy)
