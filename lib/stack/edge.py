"""APIs, function URLs, firewall and site files of a stack."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pulumi

from .. import model
from ..components.api.firewall import Firewall, FirewallArgs
from ..components.api.function_url import FunctionUrl, FunctionUrlArgs
from ..components.api.http_api import HttpApi, HttpApiArgs
from ..components.api.rest_api import Api, ApiArgs
from ..components.compute.function import Function
from ..components.site.site import Site
from ..components.site.site_files import SiteFiles, SiteFilesArgs
from ..settings import FunctionSettings
from ..settings.origins import split
from .compute import Compute
from .context import StackContext
from .encryption import Encryption
from .frontend import Frontend

Routes = list[tuple[model.Route, Function]]


class Edge:
    """APIs, function URLs, the firewall in front of the REST APIs, and the files of the site, which contain URLs."""

    def __init__(self, context: StackContext, encryption: Encryption, frontend: Frontend, compute: Compute) -> None:
        self._context, self._encryption, self._frontend, self._compute = context, encryption, frontend, compute
        self.apis: dict[str, Api | HttpApi] = {}
        """APIs by name."""
        for definition in context.service.used_apis().values():
            self.apis[definition.name] = self._api(definition)
        self.api = self.apis.get(context.service.api_type)
        """Default API; None if it has no routes."""
        self.urls = {function.name: self._function_url(function) for function in context.service.function_urls()}
        rest_apis = {name: api for name, api in self.apis.items() if isinstance(api, Api)}
        self.firewall = self._firewall(rest_apis) if rest_apis and context.settings.firewall.enabled else None
        self.site_files = self._site_files(self.api, frontend.site) if self.api and frontend.site else None

    def _api(self, definition: model.Api) -> Api | HttpApi:
        routes = [
            (route, self._compute.functions[function.name])
            for function, route in self._context.service.endpoints()[definition.name]
        ]
        create = self._http_api if definition.protocol == "HTTP" else self._rest_api
        return create(definition, routes)

    def _rest_api(self, definition: model.Api, routes: Routes) -> Api:
        context, service, settings, name = self._context, self._context.service, self._context.settings, definition.name
        preflight_type = service.preflight_types()[name]
        preflight = self._compute.function_settings.get(preflight_type)
        first = next((api for api in self.apis.values() if isinstance(api, Api)), None)
        api_settings, opts = context.args.api_settings(name), context.opts
        if first and first.logs and first.logs.account:
            # The role is a setting of the account, which one API sets for all.
            api_settings = replace(api_settings, log_role="unmanaged")
            opts = pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=[first.logs.account.resource]))
        return Api(
            context.child(name),
            ApiArgs(
                name=context.names.api(name),
                usage_plan_name=context.names.usage_plan(name),
                key_name=context.names.physical("api", f"{name}-key"),
                description=definition.description or service.description,
                routes=routes,
                authorizers=self._authorizers(name),
                schemas={schema: service.gateway_schema(schema) for schema in service.schemas},
                settings=api_settings,
                authorization=settings.authorization,
                user_pool=self._frontend.user_pool,
                cors_origins=self._frontend.cors_origins,
                preflight_name=context.names.physical("function", preflight_type) if preflight else "",
                preflight_settings=preflight or FunctionSettings(),
                tracing=bool(settings.function.tracing),
                log_retention_days=settings.function.log_retention_days,
                kms_key_arn=self._encryption.kms_key_arn,
                provider_info=context.provider_info,
                tags=context.tags,
            ),
            opts,
        )

    def _authorizers(self, api: str) -> list[tuple[model.LambdaAuthorizer, Function]]:
        return [
            (authorizer, self._compute.functions[function.name])
            for function, authorizer in self._context.service.authorizers_of(api)
        ]

    def _http_api(self, definition: model.Api, routes: Routes) -> HttpApi:
        context, settings = self._context, self._context.settings
        is_default = definition.name == context.service.api_type
        return HttpApi(
            context.child(definition.name),
            HttpApiArgs(
                name=context.names.api(definition.name),
                description=definition.description or context.service.description,
                routes=routes,
                settings=context.args.api_settings(definition.name),
                authorization=settings.authorization,
                user_pool=self._frontend.user_pool,
                authorizers=self._authorizers(definition.name),
                jwt_authorizers=context.service.native_authorizers(),
                cors_origins=self._origins(None if is_default else definition.settings.cors_origin),
                log_retention_days=settings.function.log_retention_days,
                kms_key_arn=self._encryption.kms_key_arn,
                tags=context.tags,
            ),
            context.opts,
        )

    def _function_url(self, function: model.Function) -> FunctionUrl:
        url = function.url or model.FunctionUrl()
        return FunctionUrl(
            self._context.child(function.name),
            FunctionUrlArgs(
                function=self._compute.functions[function.name],
                auth=url.auth,
                routes=function.routes,
                cors_origins=self._origins(url.cors_origin),
                cors_credentials=bool(self._context.settings.api.cors_credentials),
            ),
            self._context.opts,
        )

    def _origins(self, cors_origin: str | None) -> list[pulumi.Input[str]]:
        """Return the allowed CORS origins of an endpoint, by default those of the stack."""
        if cors_origin is None:
            return self._frontend.cors_origins
        return self._frontend.resolve_origins(split(cors_origin))

    def _firewall(self, apis: Mapping[str, Api]) -> Firewall:
        context, default = self._context, self._context.service.api_type
        stage_arns = {name: api.stage.arn for name, api in apis.items()}
        return Firewall(
            context.child("firewall"),
            FirewallArgs(
                name=context.names.only("web-acl", "firewall"),
                stage_arn=stage_arns.pop(default, None),
                other_stage_arns=stage_arns,
                settings=context.settings.firewall,
                kms_key_arn=self._encryption.kms_key_arn,
                log_retention_days=context.settings.function.log_retention_days,
                tags=context.tags,
            ),
            context.opts,
        )

    def _site_files(self, api: Api | HttpApi, site: Site) -> SiteFiles:
        context = self._context
        config: dict[str, Any] = {
            "api_url": api.url,
            "service": context.service.name,
            "environment": context.args.environment,
        }
        if len(self.apis) > 1 or self.urls:
            config["urls"] = {name: endpoint.url for name, endpoint in {**self.apis, **self.urls}.items()}
        if (user_pool := self._frontend.user_pool) and user_pool.web_client:
            config["sign_in"] = {"url": user_pool.url, "client_id": user_pool.web_client.id, "scopes": user_pool.scopes}
        return SiteFiles(
            context.child(site.definition.type),
            SiteFilesArgs(site=site, config=config, tags=context.tags),
            context.opts,
        )
