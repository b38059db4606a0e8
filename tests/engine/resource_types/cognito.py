"""Amazon Cognito user pools."""

from ..resource_type import ResourceType

TYPES: dict[str, ResourceType] = {
    # Read in version 5.
    "aws:cognito/resourceServer:ResourceServer": ResourceType(
        source="internal/service/cognitoidp/resource_server.go",
        id="{userPoolId}|{identifier}",
        identity="{userPoolId}|{identifier}",
        force_new=frozenset({"identifier", "name", "userPoolId"}),
        auto_name="name",
        # Every scope has another item.
        defaults={"scopeIdentifiers": ["{identifier}/{scopes.scopeName}"]},
    ),
    # Read in version 5.
    "aws:cognito/userGroup:UserGroup": ResourceType(
        source="internal/service/cognitoidp/user_group.go",
        id="{userPoolId}/{name}",
        identity="{userPoolId}/{name}",
        force_new=frozenset({"name", "userPoolId"}),
    ),
    # Read in version 5; since 6.6 a changed `name` is updated in place.  A changed or removed item of `schemas` is an
    # error, and a removed `smsConfiguration` stays.
    "aws:cognito/userPool:UserPool": ResourceType(
        source="internal/service/cognitoidp/user_pool.go",
        id="{region}_{unique}",
        force_new=frozenset({"aliasAttributes", "usernameAttributes", "usernameConfiguration.caseSensitive"}),
        auto_name="name",
        defaults={
            "adminCreateUserConfig": {"allowAdminCreateUserOnly": False},
            "deletionProtection": "INACTIVE",
            "emailConfiguration": {"emailSendingAccount": "COGNITO_DEFAULT"},
            "estimatedNumberOfUsers": 0,
            "mfaConfiguration": "OFF",
            "passwordPolicy": {
                "minimumLength": 8,
                **dict.fromkeys(("requireLowercase", "requireNumbers", "requireSymbols", "requireUppercase"), True),
                "temporaryPasswordValidityDays": 7,
            },
            "signInPolicy": {"allowedFirstAuthFactors": ["PASSWORD"]},
            "userPoolTier": "ESSENTIALS",
            "verificationMessageTemplate": {"defaultEmailOption": "CONFIRM_WITH_CODE"},
        },
        computed={
            "arn": "arn:{partition}:cognito-idp:{region}:{account}:userpool/{id}",
            "creationDate": "2024-01-01T00:00:00Z",
            # Known after a domain is created and the pool is refreshed.
            "customDomain": "",
            "domain": "",
            "endpoint": "cognito-idp.{region}.amazonaws.com/{id}",
            "lastModifiedDate": "2024-01-01T00:00:00Z",
        },
        protection="deletionProtection",
    ),
    "aws:cognito/userPoolClient:UserPoolClient": ResourceType(
        source="internal/service/cognitoidp/user_pool_client.go",
        id="0123456789abcdef{unique}",
        force_new=frozenset({"generateSecret", "userPoolId"}),
        auto_name="name",
        defaults={
            "allowedOauthFlowsUserPoolClient": False,
            "authSessionValidity": 3,
            "enablePropagateAdditionalUserContextData": False,
            "enableTokenRevocation": True,
            "refreshTokenValidity": 30,
        },
        # AWS generates it only if `generateSecret` is set.
        computed={"clientSecret": "{unique}{unique}{unique}{unique}{unique}"},
        secret=frozenset({"clientSecret"}),
    ),
    # Read in version 5; `managedLoginVersion` is from the documentation.  A certificate that is added or removed
    # replaces the domain, a changed one does not.
    "aws:cognito/userPoolDomain:UserPoolDomain": ResourceType(
        source="internal/service/cognitoidp/user_pool_domain.go",
        id="{domain}",
        # A prefix is unique in a region over all accounts; a custom domain is unique in the world.
        identity="{domain}",
        force_new=frozenset({"domain", "userPoolId"}),
        defaults={"managedLoginVersion": 1},
        computed={
            "awsAccountId": "{account}",
            "cloudfrontDistribution": "d{unique}.cloudfront.net",
            "cloudfrontDistributionArn": "d{unique}.cloudfront.net",
            "cloudfrontDistributionZoneId": "Z2FDTNDATAQYW2",
            "s3Bucket": "aws-cognito-prod-{region}-assets",
            "version": "20240101000000",
        },
        references={"userPoolId": "aws:cognito/userPool:UserPool"},
    ),
}
