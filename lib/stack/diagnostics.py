"""Messages about arguments that are valid, but probably not intended."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, NamedTuple

from ..assets import site_files
from ..model import QueueConsumer
from ..settings import USER_POOL
from ..settings.environments import ENVIRONMENTS, similar_name
from .args import TapStackArgs

DEPRECATED_RUNTIMES = {"python3.9": "2025-12-15"}
"""Runtimes that Lambda supports but no longer patches, with the date of deprecation."""


class Message(NamedTuple):
    """A message for the log of a deployment."""

    severity: Literal["info", "warning"]
    text: str


def messages(args: TapStackArgs) -> list[Message]:
    """Return the messages about the arguments of a stack, in the order in which they are logged."""
    checks = (
        _default_profile,
        _deprecated_runtimes,
        _concurrency_of_queue_consumers,
        _missing_email,
        _missing_cors_origin,
        _site_without_signature,
        _missing_site,
    )
    return [message for check in checks for message in check(args)]


def _default_profile(args: TapStackArgs) -> Iterator[Message]:
    if args.uses_default_profile:
        similar = similar_name(args.environment)
        yield Message(
            "warning" if similar else "info",
            f"environment_suffix {args.environment!r} names no environment profile, so the settings of "
            f"{args.profile} apply. {f'Did you mean {similar!r}? ' if similar else ''}"
            f"Set environment_profile to select another profile: {', '.join(ENVIRONMENTS)}.",
        )


def _deprecated_runtimes(args: TapStackArgs) -> Iterator[Message]:
    service = args.service_definition()
    runtimes = {args.function_settings(function).runtime for function in service.functions}
    for runtime in sorted(DEPRECATED_RUNTIMES.keys() & runtimes):
        yield Message(
            "warning",
            f"{service.name} uses the runtime {runtime}, which AWS deprecated on {DEPRECATED_RUNTIMES[runtime]}. "
            "Set lambda_runtime, or TapStackArgs(function=FunctionSettings(runtime=...)), to python3.13.",
        )


def _concurrency_of_queue_consumers(args: TapStackArgs) -> Iterator[Message]:
    for function in args.service_definition().functions:
        reserved = args.function_settings(function).reserved_concurrency
        limits = [c.max_concurrency for c in function.consumers if isinstance(c, QueueConsumer) and c.max_concurrency]
        if reserved is not None and 0 <= reserved < sum(limits):
            yield Message(
                "warning",
                f"The queue consumers of {function.name} have a max_concurrency of {sum(limits)} in total, and the "
                f"function has a reserved concurrency of {reserved}. Lambda throttles the other batches, and each "
                "throttled delivery counts as a receive of its messages. Lower max_concurrency, or raise "
                "lambda_reserved_concurrency.",
            )


def _missing_email(args: TapStackArgs) -> Iterator[Message]:
    if not args.settings().alarms.notification_email:
        yield Message("info", "No email address receives alarm notifications. Set notification_email.")


def _missing_cors_origin(args: TapStackArgs) -> Iterator[Message]:
    if args.service_definition().has_api() and not args.cors_origins():
        yield Message(
            "info",
            "No CORS origin is allowed, so browsers reject calls from pages of other origins. "
            "Set cors_origin to allow them.",
        )


def _site_without_signature(args: TapStackArgs) -> Iterator[Message]:
    service = args.service_definition()
    if service.site and args.settings().authorization.type == "AWS_IAM":
        yield Message(
            "warning",
            f"The site of {service.name} cannot sign requests, which AWS_IAM requires. "
            f"Set authorization to {USER_POOL} so that users can sign in.",
        )


def _missing_site(args: TapStackArgs) -> Iterator[Message]:
    service = args.service_definition()
    if service.site and not site_files.files(service.site):
        yield Message(
            "warning",
            f"{service.name} has no site, because {service.site.folder} contains no files. "
            "Build it with make site, and deploy again.",
        )
