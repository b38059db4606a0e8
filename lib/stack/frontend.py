"""Site and user pool of a stack."""

from __future__ import annotations

from collections.abc import Iterable

import pulumi

from .. import model
from ..components.api.user_pool import UserPool, UserPoolArgs
from ..components.derived import concat, derive
from ..components.lookup import existing_resources
from ..components.site.site import Site, SiteArgs
from ..model.names import bucket_name_prefix
from ..settings import USER_POOL
from ..settings.origins import SITE
from .context import StackContext
from .encryption import Encryption


class Frontend:
    """Site, user pool and CORS origins of the API."""

    def __init__(self, context: StackContext, encryption: Encryption) -> None:
        self._context, self._encryption = context, encryption
        definition, allowed = context.service, context.args.cors_origins()
        self.site = self._site(definition.site) if definition.site else None
        self.user_pool = self._user_pool() if context.settings.authorization.type == USER_POOL else None
        self.cors_origins = self.resolve_origins(allowed)
        """Allowed CORS origins, with the URL of the site instead of `site`."""
        self.site_origin = derive(lambda *origins: ",".join(origins), *self.cors_origins) if SITE in allowed else None
        """Allowed CORS origins, separated by commas, if they include the site; None if all are known before
        deployment."""

    def resolve_origins(self, origins: Iterable[str]) -> list[pulumi.Input[str]]:
        """Return CORS origins with the URL of the site instead of `site`."""
        return [self.site.url if self.site and origin == SITE else origin for origin in origins]

    def environment(self) -> dict[str, pulumi.Input[str]]:
        """Return the environment variables of functions that check origins and users."""
        group = self.user_pool.group if self.user_pool else None
        return {
            **({} if self.site_origin is None else {model.CORS_VARIABLE: self.site_origin}),
            **({} if group is None else {model.GROUP_VARIABLE: group}),
        }

    def issuer_environment(self, function: model.Function) -> dict[str, pulumi.Input[str]]:
        """Return the environment variables of a function that verifies tokens and depend on other resources."""
        authorizers = {authorizer.function_name: authorizer for authorizer in self._context.service.authorizers}
        if (authorizer := authorizers.get(function.name)) is None:
            return {}
        pool = self.user_pool if authorizer.uses_user_pool else None
        issuer = {"JWT_ISSUER": pool.issuer, "JWT_GROUP": pool.group or ""} if pool else {}
        audience = authorizer.audience or (pool.client_ids if pool else ())
        is_known = all(isinstance(value, str) for value in audience)
        return {**issuer, **({} if is_known else {"JWT_AUDIENCE": derive(lambda *values: " ".join(values), *audience)})}

    def _site(self, site: model.Site) -> Site:
        context = self._context
        return Site(
            context.child(site.type),
            SiteArgs(
                name_prefix=bucket_name_prefix(context.names.physical("bucket", site.type)),
                site=site,
                comment=f"{context.service.title}, {context.args.environment}",
                settings=context.settings.site,
                kms_key_arn=self._encryption.kms_key_arn,
                retain_on_delete=bool(context.settings.table.retain_on_delete),
                tags=context.tags,
            ),
            context.opts,
        )

    def _user_pool(self) -> UserPool:
        context, site, name = self._context, self.site, self._context.names.user_pool()
        tables = context.settings.table
        return UserPool(
            context.child("users"),
            UserPoolArgs(
                name=name,
                scopes=context.service.scopes(),
                settings=context.settings.authorization,
                callback_urls=[concat(site.url, "/", page) for page in site.definition.sign_in_pages] if site else [],
                deletion_protection=bool(tables.deletion_protection),
                retain_on_delete=bool(tables.retain_on_delete),
                import_id=context.transitions.adopted.import_id(existing_resources.USER_POOL, name),
                provider_info=context.provider_info,
                tags=context.tags,
            ),
            context.opts,
        )
