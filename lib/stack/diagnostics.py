"""Messages about arguments that are valid, but probably not intended."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, NamedTuple

from ..assets import site_files
from ..settings import USER_POOL
from ..settings.environments import ENVIRONMENTS
from .args import TapStackArgs

DEPRECATED_RUNTIMES = {"python3.9": "2025-12-15"}
"""Runtimes that AWS accepts and no longer patches, with the date of deprecation."""


class Message(NamedTuple):
    """A message for the log of a deployment."""

    severity: Literal["info", "warning"]
    text: str


def messages(args: TapStackArgs) -> list[Message]:
    """Return the messages about the arguments of a stack, in the order in which they are logged."""
    checks = (
        _default_profile,
        _deprecated_runtimes,
        _missing_email,
        _missing_cors_origin,
        _pages_without_signature,
        _missing_pages,
    )
    return [message for check in checks for message in check(args)]


def _default_profile(args: TapStackArgs) -> Iterator[Message]:
    if args.uses_default_profile:
        yield Message(
            "info",
            f"environment_suffix {args.environment!r} names no environment profile, so the settings of "
            f"{args.profile} apply. Set environment_profile to select another profile: {', '.join(ENVIRONMENTS)}.",
        )


def _deprecated_runtimes(args: TapStackArgs) -> Iterator[Message]:
    service = args.description()
    runtimes = {args.function_settings(function).runtime for function in service.functions}
    for runtime in sorted(DEPRECATED_RUNTIMES.keys() & runtimes):
        yield Message(
            "warning",
            f"{service.name} runs on {runtime}, deprecated by AWS since {DEPRECATED_RUNTIMES[runtime]}: "
            "set lambda_runtime, or TapStackArgs(function=FunctionSettings(runtime=...)), to python3.13",
        )


def _missing_email(args: TapStackArgs) -> Iterator[Message]:
    if not args.settings().alarms.notification_email:
        yield Message("info", "no one is subscribed to alarm notifications: set notification_email")


def _missing_cors_origin(args: TapStackArgs) -> Iterator[Message]:
    if not args.cors_origins():
        yield Message(
            "info",
            "no CORS origin is set, so no page of another origin may call the API: set cors_origin if one should",
        )


def _pages_without_signature(args: TapStackArgs) -> Iterator[Message]:
    service = args.description()
    if service.site and args.settings().authorization.type == "AWS_IAM":
        yield Message(
            "warning",
            f"{service.name}'s pages cannot sign requests, as AWS_IAM wants it: "
            f"set authorization to {USER_POOL} for people to sign in",
        )


def _missing_pages(args: TapStackArgs) -> Iterator[Message]:
    service = args.description()
    if service.site and not site_files.files(service.site):
        yield Message(
            "warning",
            f"{service.name} has no pages, for {service.site.folder} holds no file: "
            "build them with make site, and deploy again",
        )
