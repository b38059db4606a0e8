"""The function that responds to the preflight requests of several CORS origins."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pulumi

from ...assets.lambda_archive import preflight_sources
from ...documents import iam, rest_api
from ...model import CORS_VARIABLE
from ...model.names import role_name_prefix
from ...settings import FunctionSettings
from ..compute.function import Function, FunctionArgs
from ..compute.role import Role, RoleArgs
from ..derived import derive
from ..lookup.provider_info import ProviderInfo


@dataclass(frozen=True, kw_only=True)
class PreflightArgs:
    """Arguments for `Preflight`."""

    name: str
    """Physical name of the function."""
    origins: Sequence[pulumi.Input[str]]
    """Allowed CORS origins, at least two."""
    methods: Mapping[str, Sequence[str]]
    """HTTP methods of the API by path."""
    headers: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Request headers that routes declare, by path."""
    credentials: bool = False
    """Whether pages of these origins can send cookies."""
    settings: FunctionSettings = field(default_factory=FunctionSettings)
    """Unset fields use the `dev` defaults."""
    kms_key_arn: pulumi.Input[str] | None = None
    """KMS key that encrypts the environment variable and the log group. Default (None): AWS managed encryption."""
    provider_info: ProviderInfo | None = None
    """Partition of the role. Default (None): looked up."""
    tags: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)


class Preflight(pulumi.ComponentResource):
    """A Lambda function for the OPTIONS method of an API. Its role can only write logs and traces.

    The functions of the service do not respond to OPTIONS: their aliases can run an earlier version during a gradual
    rollout, and preflight requests need no authorization, so they must not use up the reserved concurrency of callers.
    """

    def __init__(self, name: str, args: PreflightArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("tap:aws:Preflight", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        tracing = [iam.XRAY_WRITE] if args.settings.tracing else []
        self.role = Role(
            name,
            RoleArgs(
                name_prefix=role_name_prefix(args.name),
                managed_policies=tracing,
                provider_info=args.provider_info,
                tags=args.tags,
            ),
            child,
        )
        headers = {
            path: rest_api.preflight_constants(allowed, args.headers.get(path, ()))
            for path, allowed in args.methods.items()
        }
        self.function = Function(
            name,
            FunctionArgs(
                name=args.name,
                role_arn=self.role.arn,
                role_name=self.role.name,
                files=preflight_sources(headers, args.credentials),
                environment={CORS_VARIABLE: derive(lambda *origins: ",".join(origins), *args.origins)},
                kms_key_arn=args.kms_key_arn,
                settings=args.settings,
                tags=args.tags,
                depends_on=self.role.permissions(),
            ),
            child,
        )
        self.register_outputs({"name": self.function.name, "arn": self.function.arn})
