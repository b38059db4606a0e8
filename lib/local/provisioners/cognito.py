"""User pools: who may call, where they sign in, and what they may ask for."""

from __future__ import annotations

from ..emulator import Place
from .base import Inputs, Made, chosen, provisions, reads


@provisions("aws:cognito/userPool:UserPool")
def user_pool(place: Place, inputs: Inputs) -> Made:
    """A user pool."""
    admin = {"AllowAdminCreateUserOnly": inputs["adminCreateUserConfig"]["allowAdminCreateUserOnly"]}
    recovery = [_capitalised(one) for one in inputs["accountRecoverySetting"]["recoveryMechanisms"]]
    made = place.client("cognito-idp").create_user_pool(
        **chosen(
            inputs,
            PoolName="name",
            UserPoolTier="userPoolTier",
            UsernameAttributes="usernameAttributes",
            AutoVerifiedAttributes="autoVerifiedAttributes",
            DeletionProtection="deletionProtection",
            UserPoolTags="tags",
        ),
        AdminCreateUserConfig=admin,
        AccountRecoverySetting={"RecoveryMechanisms": recovery},
        Policies={"PasswordPolicy": _capitalised(inputs["passwordPolicy"])},
        UsernameConfiguration=_capitalised(inputs["usernameConfiguration"]),
    )["UserPool"]
    if token := inputs.get("softwareTokenMfaConfiguration"):
        place.client("cognito-idp").set_user_pool_mfa_config(
            UserPoolId=made["Id"],
            MfaConfiguration=inputs["mfaConfiguration"],
            SoftwareTokenMfaConfiguration=_capitalised(token),
        )
    return Made(made["Id"], {"arn": made["Arn"]})


@reads("aws:cognito/userPool:UserPool")
def standing_user_pool(place: Place, id_: str) -> Made:
    """A user pool that stands already; with a domain people sign in at the emulator."""
    found = place.client("cognito-idp").describe_user_pool(UserPoolId=id_)["UserPool"]
    domain = _host(place) if found.get("Domain") else None
    mfa = found.get("MfaConfiguration", "OFF")
    return Made(id_, {"name": found["Name"], "arn": found["Arn"], "domain": domain, "mfaConfiguration": mfa})


def _host(place: Place) -> str:
    return place.emulator.url.removeprefix("http://")


def _capitalised(inputs: Inputs) -> Inputs:
    return {f"{name[0].upper()}{name[1:]}": value for name, value in inputs.items() if value is not None}


@provisions("aws:cognito/userPoolDomain:UserPoolDomain")
def user_pool_domain(place: Place, inputs: Inputs) -> Made:
    """Where people sign in, which is the emulator itself whatever the domain."""
    place.client("cognito-idp").create_user_pool_domain(**chosen(inputs, Domain="domain", UserPoolId="userPoolId"))
    return Made(inputs["domain"], {"domain": _host(place)})


@provisions("aws:cognito/resourceServer:ResourceServer")
def resource_server(place: Place, inputs: Inputs) -> Made:
    """Scopes."""
    place.client("cognito-idp").create_resource_server(
        **chosen(inputs, UserPoolId="userPoolId", Identifier="identifier", Name="name"),
        Scopes=[_capitalised(scope) for scope in inputs["scopes"]],
    )
    return Made(f"{inputs['userPoolId']}|{inputs['identifier']}", {})


@provisions("aws:cognito/userGroup:UserGroup")
def user_group(place: Place, inputs: Inputs) -> Made:
    """A group of users."""
    place.client("cognito-idp").create_group(
        **chosen(inputs, UserPoolId="userPoolId", GroupName="name", Description="description")
    )
    return Made(f"{inputs['userPoolId']}/{inputs['name']}", {})


@provisions("aws:cognito/userPoolClient:UserPoolClient")
def user_pool_client(place: Place, inputs: Inputs) -> Made:
    """An app client."""
    units = {"AccessToken": "accessToken", "IdToken": "idToken", "RefreshToken": "refreshToken"}
    made = place.client("cognito-idp").create_user_pool_client(
        **chosen(
            inputs,
            ClientName="name",
            UserPoolId="userPoolId",
            GenerateSecret="generateSecret",
            AllowedOAuthFlows="allowedOauthFlows",
            AllowedOAuthFlowsUserPoolClient="allowedOauthFlowsUserPoolClient",
            AllowedOAuthScopes="allowedOauthScopes",
            CallbackURLs="callbackUrls",
            LogoutURLs="logoutUrls",
            SupportedIdentityProviders="supportedIdentityProviders",
            ExplicitAuthFlows="explicitAuthFlows",
            AccessTokenValidity="accessTokenValidity",
            IdTokenValidity="idTokenValidity",
            RefreshTokenValidity="refreshTokenValidity",
            EnableTokenRevocation="enableTokenRevocation",
            PreventUserExistenceErrors="preventUserExistenceErrors",
        ),
        TokenValidityUnits=chosen(inputs["tokenValidityUnits"], **units),
    )["UserPoolClient"]
    return Made(made["ClientId"], {"clientSecret": made.get("ClientSecret", "")})
