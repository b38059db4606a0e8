"""Functions of a stack with their roles, layer and network."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from .. import model
from ..assets.function_code import function_paths, layer_paths
from ..assets.generated_code import generated_sources
from ..assets.lambda_archive import shared_sources, sources
from ..components.compute.function import DEFAULT_ALIAS, Function, FunctionArgs
from ..components.compute.layer import Layer, LayerArgs
from ..components.compute.role import Role, RoleArgs
from ..components.compute.rollout import Rollout, RolloutArgs
from ..components.monitoring.function_alarms import Alarms
from ..components.network.existing_network import ExistingNetwork, ExistingNetworkArgs
from ..components.network.network import Network, NetworkArgs
from ..documents import iam
from ..documents.network import grants_by_service
from ..model.names import role_name_prefix
from ..settings import FunctionSettings
from . import concurrency
from .access import Access
from .context import StackContext
from .encryption import Encryption
from .frontend import Frontend

PREFLIGHT_CONCURRENCY = 20
"""Maximum reserved concurrency of the function that responds to OPTIONS, if the functions have any: preflight requests
need no authorization."""


class Compute:
    """Functions with their roles, layer and network."""

    def __init__(self, context: StackContext, encryption: Encryption, access: Access, frontend: Frontend) -> None:
        self._context, self._encryption, self._access, self._frontend = context, encryption, access, frontend
        functions, shared = context.service.functions, context.service.shared_type
        self.function_settings = self._function_settings()
        """Settings of each function, and of the one that responds to OPTIONS for several CORS origins. Reserved
        concurrency is within the quota of the account."""
        self.roles = {function.name: self._role(function) for function in functions}
        self.layers = {shared: self._layer(shared)} if shared else {}
        self.network = self._network() if context.settings.network.uses_vpc() else None
        self.functions = {function.name: self._function(function) for function in functions}

    def create_rollout(self, alarms: Mapping[str, Alarms]) -> Rollout | None:
        """Create the CodeDeploy resources that shift the aliases and roll back on alarms; return None if disabled."""
        context, settings = self._context, self._context.settings.rollout
        if not settings.uses_codedeploy:
            return None
        return Rollout(
            context.child("rollout"),
            RolloutArgs(
                name=context.names.only("application", "rollout"),
                strategy=settings.strategy or "",
                functions=self.functions,
                alarms={name: list(alarms[name].resources.values()) for name in self.functions},
                provider_info=context.provider_info,
                tags=context.tags,
            ),
            context.opts,
        )

    def _function_settings(self) -> dict[str, FunctionSettings]:
        args, definition = self._context.args, self._context.service
        by_name = {function.name: args.function_settings(function) for function in definition.functions}
        if len(args.cors_origins()) > 1:
            by_name |= dict.fromkeys(definition.preflight_types().values(), self._preflight_settings())
        reserved = self._within_quota({name: settings.reserved_concurrency or 0 for name, settings in by_name.items()})
        return {name: replace(settings, reserved_concurrency=reserved[name]) for name, settings in by_name.items()}

    def _preflight_settings(self) -> FunctionSettings:
        settings = self._context.settings.function
        reserved = -1 if settings.reserved_concurrency is None else settings.reserved_concurrency
        return FunctionSettings(
            runtime=settings.runtime,
            architecture=settings.architecture,
            reserved_concurrency=min(reserved, PREFLIGHT_CONCURRENCY),
            tracing=settings.tracing,
            log_retention_days=settings.log_retention_days,
        )

    def _within_quota(self, reserved: dict[str, int]) -> dict[str, int]:
        """Return the reserved concurrency of each function.

        Values of a profile or a service are reduced to the quota of the account, with a warning. A value in the
        arguments stays unchanged.
        """
        context = self._context
        if context.args.function.reserved_concurrency is not None or max(reserved.values()) < 1:
            return reserved
        quota = context.transitions.concurrency_quota(context.invoke_opts)
        reduced = reserved if quota is None else concurrency.within_quota(reserved, quota)
        if reduced != reserved:
            total, remaining = (sum(n for n in numbers.values() if n > 0) for numbers in (reserved, reduced))
            context.warn(
                f"{context.service.name} reserves {remaining} instead of {total} concurrent executions, because the "
                f"account allows {quota} in total and {concurrency.UNRESERVED} must stay unreserved. Request a higher "
                "Lambda quota of concurrent executions, or set lambda_reserved_concurrency."
            )
        return reduced

    def _role(self, function: model.Function) -> Role:
        context, tracing = self._context, self.function_settings[function.name].tracing
        uses_managed_log_policy, uses_vpc = context.service.log_access == "managed", context.settings.network.uses_vpc()
        return Role(
            context.child(function.name),
            RoleArgs(
                name_prefix=role_name_prefix(context.names.physical("function", function.name)),
                statements=[
                    *self._access.statements(function),
                    *self._encryption.statements(function),
                    *([iam.allow_vpc_access(), iam.deny_vpc_actions_to_code()] if uses_vpc else []),
                ],
                managed_policies=[
                    *([iam.BASIC_EXECUTION] if uses_managed_log_policy else []),
                    *([iam.XRAY_WRITE] if tracing else []),
                ],
                provider_info=context.provider_info,
                tags=context.tags,
            ),
            context.opts,
        )

    def _layer(self, type_: str) -> Layer:
        context, functions = self._context, self._context.service.own_functions()
        shared = [shared_sources(handler) for handler in sorted({function.handler for function in functions})]
        return Layer(
            context.child(type_),
            LayerArgs(
                name=context.names.physical("layer", type_),
                files={path: content for files in shared for path, content in files.items()},
                paths=layer_paths(context.service, self.function_settings),
                runtimes=sorted({self.function_settings[function.name].runtime or "" for function in functions}),
            ),
            context.opts,
        )

    def _network(self) -> Network | ExistingNetwork:
        context, settings = self._context, self._context.settings.network
        label, name = context.child("network"), context.names.only("network", "network")
        if settings.vpc != "create":
            existing = ExistingNetworkArgs(
                name=name,
                vpc_id=settings.vpc or "",
                private_subnet_ids=settings.private_subnet_ids or (),
                security_group_ids=settings.security_group_ids or (),
                tags=context.tags,
            )
            return ExistingNetwork(label, existing, context.opts)
        grants = grants_by_service(context.service).items()
        args = NetworkArgs(
            name=name,
            statements={
                target: [statement for grant in group for statement in self._access.permissions(grant)]
                for target, group in grants
            },
            settings=settings,
            log_retention_days=context.settings.function.log_retention_days,
            kms_key_arn=self._encryption.kms_key_arn,
            provider_info=context.provider_info,
            tags=context.tags,
        )
        return Network(label, args, context.opts)

    def _function(self, function: model.Function) -> Function:
        context, frontend = self._context, self._frontend
        role, network, rollout = self.roles[function.name], self.network, context.settings.rollout
        layers = self.layers if function in context.service.own_functions() else {}
        package = generated_sources if layers else sources
        credentials = bool(context.settings.api.cors_credentials)
        origins = ",".join(context.args.cors_origins()) if frontend.site_origin is None else None
        if function.routes and "REST" not in context.service.protocols(function):
            origins = ""  # HTTP APIs and function URLs add the headers.
        log_actions = iam.LOG_ACTIONS.get(context.service.log_access)
        return Function(
            context.child(function.name),
            FunctionArgs(
                name=context.names.physical("function", function.name),
                role_arn=role.arn,
                role_name=role.name if log_actions else None,
                log_actions=log_actions or (),
                files=package(context.service, function, origins, credentials),
                paths=function_paths(context.service, function, self.function_settings),
                layers=[*(layer.arn for layer in layers.values()), *function.layers],
                environment={
                    **function.variables,
                    **frontend.environment(),
                    **frontend.issuer_environment(function),
                    **self._access.environment(function),
                },
                dead_letter_arn=self._access.dead_letter_arn(function),
                kms_key_arn=self._encryption.kms_key_arn,
                subnet_ids=network.private_subnet_ids if network else (),
                security_group_ids=network.security_group_ids if network else (),
                # An alias has a URL of its own, so a URL of the function would change when settings require the alias.
                alias=DEFAULT_ALIAS if rollout.strategy != "none" or function.url else "",
                alias_managed_by_codedeploy=rollout.uses_codedeploy,
                settings=self.function_settings[function.name],
                tags=context.tags,
                depends_on=[*role.permissions(), *([network] if network else [])],
            ),
            context.opts,
        )
