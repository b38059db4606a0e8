"""REST API, firewall and site files of a stack."""

from __future__ import annotations

from typing import Any

from ..components.api.firewall import Firewall, FirewallArgs
from ..components.api.rest_api import Api, ApiArgs
from ..components.site.site import Site
from ..components.site.site_files import SiteFiles, SiteFilesArgs
from ..settings import FunctionSettings
from .compute import Compute
from .context import StackContext
from .encryption import Encryption
from .frontend import Frontend


class Edge:
    """The API, the firewall in front of it, and the files of the site, which contain the URL of the API."""

    def __init__(self, context: StackContext, encryption: Encryption, frontend: Frontend, compute: Compute) -> None:
        self._context, self._encryption, self._frontend = context, encryption, frontend
        self.api = self._api(compute)
        self.firewall = self._firewall() if context.settings.firewall.enabled else None
        self.site_files = self._site_files(frontend.site) if frontend.site else None

    def _api(self, compute: Compute) -> Api:
        context, service, settings = self._context, self._context.service, self._context.settings
        preflight = compute.function_settings.get(service.preflight_type())
        return Api(
            context.child(service.api_type),
            ApiArgs(
                name=context.names.physical("api", service.api_type),
                usage_plan_name=context.names.physical("api", f"{service.api_type}-usage-plan"),
                key_name=context.names.physical("api", f"{service.api_type}-key"),
                description=service.description,
                routes=[(route, compute.functions[function.name]) for function, route in service.routes()],
                authorizers=[
                    (authorizer, compute.functions[function.name])
                    for function, authorizer in service.lambda_authorizers()
                ],
                schemas={name: service.request_schema(name) for name in service.schemas},
                settings=settings.api,
                authorization=settings.authorization,
                user_pool=self._frontend.user_pool,
                cors_origins=self._frontend.cors_origins,
                preflight_name=context.names.physical("function", service.preflight_type()) if preflight else "",
                preflight_settings=preflight or FunctionSettings(),
                tracing=bool(settings.function.tracing),
                log_retention_days=settings.function.log_retention_days,
                kms_key_arn=self._encryption.kms_key_arn,
                provider_info=context.provider_info,
                tags=context.tags,
            ),
            context.opts,
        )

    def _firewall(self) -> Firewall:
        context = self._context
        return Firewall(
            context.child("firewall"),
            FirewallArgs(
                name=context.names.only("web-acl", "firewall"),
                stage_arn=self.api.stage.arn,
                settings=context.settings.firewall,
                kms_key_arn=self._encryption.kms_key_arn,
                log_retention_days=context.settings.function.log_retention_days,
                tags=context.tags,
            ),
            context.opts,
        )

    def _site_files(self, site: Site) -> SiteFiles:
        context = self._context
        config: dict[str, Any] = {
            "api_url": self.api.url,
            "service": context.service.name,
            "environment": context.args.environment,
        }
        if (user_pool := self._frontend.user_pool) and user_pool.web_client:
            config["sign_in"] = {"url": user_pool.url, "client_id": user_pool.web_client.id, "scopes": user_pool.scopes}
        return SiteFiles(
            context.child(site.definition.type),
            SiteFilesArgs(site=site, config=config, tags=context.tags),
            context.opts,
        )
