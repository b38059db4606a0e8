"""Cognito user pools."""

from __future__ import annotations

from ..emulator import RegionalEmulator
from .base import READERS, CreatedResource, Creation, Inputs, call, provisions, register_creations, token

register_creations(
    "cognito-idp",
    {
        "cognito.ResourceServer": Creation("create_resource_server", "{userPoolId}|{identifier}"),
        "cognito.UserGroup": Creation("create_group", "{userPoolId}/{name}", names="GroupName=name"),
    },
)


@provisions("cognito.UserPool")
def user_pool(aws: RegionalEmulator, inputs: Inputs) -> CreatedResource:
    """Create a user pool with its multi-factor authentication."""
    names = "PoolName=name UserPoolTags=tags Policies=. Schema=schemas"
    created = call(aws, "cognito-idp", "create_user_pool", {**inputs, "mfaConfiguration": None}, names)["UserPool"]
    if inputs.get("softwareTokenMfaConfiguration"):
        call(aws, "cognito-idp", "set_user_pool_mfa_config", {**inputs, "userPoolId": created["Id"]})
    return CreatedResource(created["Id"], {"arn": created["Arn"], "endpoint": _endpoint(aws, created["Id"])})


def existing_user_pool(aws: RegionalEmulator, id_: str) -> CreatedResource:
    """Look up a user pool. If it has a domain, return the host of the emulator as `domain`."""
    pool = aws.client("cognito-idp").describe_user_pool(UserPoolId=id_)["UserPool"]
    domain = _host(aws) if pool.get("Domain") else None
    mfa = pool.get("MfaConfiguration", "OFF")
    outputs = {"name": pool["Name"], "arn": pool["Arn"], "domain": domain, "mfaConfiguration": mfa}
    return CreatedResource(id_, {**outputs, "endpoint": _endpoint(aws, id_)})


READERS[token("cognito.UserPool")] = existing_user_pool


def _host(aws: RegionalEmulator) -> str:
    return aws.emulator.url.removeprefix("http://")


def _endpoint(aws: RegionalEmulator, pool_id: str) -> str:
    return f"cognito-idp.{aws.region}.amazonaws.com/{pool_id}"


@provisions("cognito.UserPoolDomain")
def user_pool_domain(aws: RegionalEmulator, inputs: Inputs) -> CreatedResource:
    """Create the domain of a user pool, and return the host of the emulator as `domain`."""
    call(aws, "cognito-idp", "create_user_pool_domain", inputs)
    return CreatedResource(inputs["domain"], {"domain": _host(aws)})


@provisions("cognito.UserPoolClient")
def user_pool_client(aws: RegionalEmulator, inputs: Inputs) -> CreatedResource:
    """Create an app client, and return its secret if it has one."""
    response = call(aws, "cognito-idp", "create_user_pool_client", inputs, "ClientName=name")["UserPoolClient"]
    return CreatedResource(response["ClientId"], {"clientSecret": response.get("ClientSecret", "")})
