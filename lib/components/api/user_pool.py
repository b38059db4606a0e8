"""The Cognito user pool of an API: users, sign-in, scopes and app clients."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pulumi
import pulumi_aws as aws

from ...documents import urls
from ...settings import AuthorizationSettings, invalid_value, merge
from ...settings.environments import BASIS
from ..derived import concat, derive
from ..lookup.provider_info import ProviderInfo

ACCESS_MINUTES = 15
"""Lifetime of a user's access token. API Gateway accepts the token until it expires, even if it is revoked."""
SESSION_HOURS = 12
"""Lifetime of a user's refresh token, after which the user must sign in again."""
MACHINE_MINUTES = 60
"""Lifetime of the access token of a machine-to-machine client. AWS charges for each token."""
MIN_PASSWORD_LENGTH = 12
TEMPORARY_PASSWORD_DAYS = 7


@dataclass(frozen=True, kw_only=True)
class UserPoolArgs:
    """Arguments for `UserPool`."""

    name: str
    """Physical name of the user pool, and prefix of its scopes: `<name>/<scope>`."""
    scopes: Sequence[str]
    """Names of the OAuth scopes. Without any, the pool has no app client for applications, which request scopes."""
    settings: AuthorizationSettings = field(default_factory=AuthorizationSettings)
    """Unset fields use the `dev` defaults."""
    callback_urls: Sequence[pulumi.Input[str]] = ()
    """Callback URLs of the web client, in addition to those in `settings`."""
    deletion_protection: bool = False
    """Whether Cognito rejects the deletion of the pool."""
    retain_on_delete: bool = False
    """Whether `pulumi destroy` retains the pool with its users."""
    import_id: str = ""
    """ID of an existing pool that this deployment imports into the state. Default (empty): a pool is created."""
    provider_info: ProviderInfo | None = None
    """Partition of the pool. Default (None): looked up."""
    tags: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)


class UserPool(pulumi.ComponentResource):
    """A Cognito user pool to which only administrators can add users, with its hosted sign-in page and its scopes.

    It has a machine-to-machine app client if there are scopes, and an app client for web pages if there are callback
    URLs.

    In an existing pool only scopes, clients and a group are created. Only members of the group can call the API,
    because every user of the pool can get a token with every scope.
    """

    def __init__(self, name: str, args: UserPoolArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("tap:aws:UserPool", name, None, opts)
        self._prefix, self._args = name, args
        self._child = pulumi.ResourceOptions(parent=self)
        self.settings = merge(BASIS.authorization, args.settings)
        is_new = self.settings.user_pool == "create"
        self.resource = self._pool() if is_new else self._existing()
        self.domain = self._domain() if is_new else None
        self.group = None if is_new else self._group()
        self.server = self._server() if args.scopes else None
        callback_urls = [*args.callback_urls, *(self.settings.callback_urls or ())]
        self.web_client = self._web_client(callback_urls) if callback_urls else None
        self.machine_client = self._machine_client() if args.scopes else None
        self.id = self.resource.id
        self.arn = self.resource.arn if is_new else self._existing_arn()
        self.url = self._url()
        self.register_outputs({"id": self.id, "arn": self.arn, "url": self.url})

    def scope(self, scope: str) -> pulumi.Output[str]:
        """Return a scope as it appears in access tokens: `<name>/<scope>`."""
        return concat(self.server.identifier if self.server else self._args.name, "/", scope)

    @property
    def issuer(self) -> pulumi.Output[str]:
        """Claim `iss` of the tokens."""
        info = self._args.provider_info or ProviderInfo(self)
        return derive(urls.issuer, self.resource.id, info.dns_suffix)

    @property
    def client_ids(self) -> list[pulumi.Output[str]]:
        """IDs of its app clients."""
        return [client.id for client in (self.web_client, self.machine_client) if client]

    @property
    def scopes(self) -> list[pulumi.Output[str]]:
        """All scopes as they appear in access tokens."""
        return [self.scope(scope) for scope in self._args.scopes]

    def _existing(self) -> aws.cognito.UserPool:
        _, _, pool_id = (self.settings.user_pool or "").rpartition("/")
        return aws.cognito.UserPool.get(f"{self._prefix}-pool", pool_id, opts=self._child)

    def _existing_arn(self) -> pulumi.Output[str]:
        pool, mfa = self.resource, self.settings.mfa
        return derive(
            lambda arn, pool_id, pool_mfa: _checked_arn(arn, pool_id, mfa, pool_mfa),
            pool.arn,
            pool.id,
            pool.mfa_configuration,
        )

    def _group(self) -> pulumi.Output[str]:
        """Return the name of the group whose members can call the API."""
        if self.settings.user_group:
            return pulumi.Output.from_input(self.settings.user_group)
        group = aws.cognito.UserGroup(
            f"{self._prefix}-group",
            name=self._args.name,
            description=f"Users who can call the API {self._args.name}",
            user_pool_id=self.resource.id,
            opts=self._child,
        )
        return group.name

    def _pool(self) -> aws.cognito.UserPool:
        args, mfa = self._args, self.settings.mfa
        return aws.cognito.UserPool(
            f"{self._prefix}-pool",
            name=args.name,
            # The features of the more expensive tiers are not used.
            user_pool_tier="LITE",
            admin_create_user_config={"allow_admin_create_user_only": True},
            username_attributes=["email"],
            username_configuration={"case_sensitive": False},
            auto_verified_attributes=["email"],
            account_recovery_setting={"recovery_mechanisms": [{"name": "verified_email", "priority": 1}]},
            password_policy={
                "minimum_length": MIN_PASSWORD_LENGTH,
                "require_lowercase": True,
                "require_numbers": True,
                "require_symbols": True,
                "require_uppercase": True,
                "temporary_password_validity_days": TEMPORARY_PASSWORD_DAYS,
            },
            mfa_configuration=mfa,
            software_token_mfa_configuration=None if mfa == "OFF" else {"enabled": True},
            deletion_protection="ACTIVE" if args.deletion_protection else "INACTIVE",
            tags=args.tags,
            opts=pulumi.ResourceOptions(
                parent=self, retain_on_delete=args.retain_on_delete, import_=args.import_id or None
            ),
        )

    def _domain(self) -> aws.cognito.UserPoolDomain:
        return aws.cognito.UserPoolDomain(
            f"{self._prefix}-domain",
            domain=derive(urls.domain_prefix, self.resource.id),
            user_pool_id=self.resource.id,
            opts=self._child,
        )

    def _url(self) -> pulumi.Output[str]:
        pool, partition = self.resource, (self._args.provider_info or ProviderInfo(self)).partition
        if self.domain:
            return derive(urls.sign_in_url, pool.id, self.domain.domain, partition)
        return derive(_existing_url, pool.arn, pool.id, pool.custom_domain, pool.domain, partition)

    def _server(self) -> aws.cognito.ResourceServer:
        name = self._args.name
        return aws.cognito.ResourceServer(
            f"{self._prefix}-server",
            identifier=name,
            name=name,
            scopes=[{"scope_name": scope, "scope_description": f"{scope} in {name}"} for scope in self._args.scopes],
            user_pool_id=self.resource.id,
            opts=self._child,
        )

    def _web_client(self, callback_urls: Sequence[pulumi.Input[str]]) -> aws.cognito.UserPoolClient:
        """Create the app client of web pages. A page cannot store a secret, so the client has none and uses PKCE."""
        return self._client(
            "pages",
            ACCESS_MINUTES,
            allowed_oauth_flows=["code"],
            allowed_oauth_scopes=["openid", *self.scopes],
            callback_urls=callback_urls,
            logout_urls=callback_urls,
            supported_identity_providers=["COGNITO"],
        )

    def _machine_client(self) -> aws.cognito.UserPoolClient:
        return self._client(
            "machines",
            MACHINE_MINUTES,
            generate_secret=True,
            allowed_oauth_flows=["client_credentials"],
            allowed_oauth_scopes=self.scopes,
        )

    def _client(self, kind: str, minutes: int, **properties: Any) -> aws.cognito.UserPoolClient:
        return aws.cognito.UserPoolClient(
            f"{self._prefix}-{kind}",
            name=f"{self._args.name}-{kind}",
            user_pool_id=self.resource.id,
            allowed_oauth_flows_user_pool_client=True,
            # Users can sign in only on the hosted page.
            explicit_auth_flows=["ALLOW_REFRESH_TOKEN_AUTH"],
            enable_token_revocation=True,
            prevent_user_existence_errors="ENABLED",
            access_token_validity=minutes,
            id_token_validity=minutes,
            refresh_token_validity=SESSION_HOURS,
            token_validity_units={"access_token": "minutes", "id_token": "minutes", "refresh_token": "hours"},
            opts=self._child,
            **properties,
        )


def _existing_url(arn: str, pool_id: str, custom_domain: str, domain: str, partition: str) -> str:
    # Every existing pool has an ARN. In a unit test with mocks, the ARN is empty, and the domain is unknown instead of
    # missing.
    return urls.sign_in_url(pool_id, custom_domain or domain, partition) if arn else ""


def _checked_arn(arn: str, pool_id: str, mfa: str | None, pool_mfa: str) -> str:
    """Return the ARN of an existing pool. Raise ValueError if MFA is required and the pool does not require it."""
    if mfa == "ON" and pool_mfa in ("OFF", "OPTIONAL"):
        expected = f"OPTIONAL for the existing user pool {pool_id} with MFA {pool_mfa}"
        raise invalid_value("authorization.mfa", mfa, expected, "Require MFA in the pool, or set OPTIONAL.")
    return arn
