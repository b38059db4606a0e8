"""AWS WAF."""

from ..resource_type import ResourceType

TYPES: dict[str, ResourceType] = {
    # Read in version 5; `namePrefix` is from the documentation.
    "aws:wafv2/webAcl:WebAcl": ResourceType(
        source="internal/service/wafv2/web_acl.go",
        id="00000000-0000-4000-8000-00{unique}",
        identity="{scope}/{name}",
        force_new=frozenset({"name", "namePrefix", "scope"}),
        auto_name="name",
        name_prefix="namePrefix",
        # The sum of the capacity of the rules.
        defaults={"capacity": 1},
        computed={
            "applicationIntegrationUrl": "",
            # `global` instead of `regional` if the scope is `CLOUDFRONT`.
            "arn": "arn:{partition}:wafv2:{region}:{account}:regional/webacl/{name}/{id}",
            "lockToken": "00000000-0000-4000-8000-00{unique}",
        },
    ),
    # Read in version 5.  A resource has at most one web ACL; another association of it overwrites the first, and the
    # deletion of either one leaves the resource without a web ACL.
    "aws:wafv2/webAclAssociation:WebAclAssociation": ResourceType(
        source="internal/service/wafv2/web_acl_association.go",
        id="{webAclArn},{resourceArn}",
        identity="{resourceArn}",
        upsert=True,
        force_new=frozenset({"resourceArn", "webAclArn"}),
        references={"webAclArn": "aws:wafv2/webAcl:WebAcl"},
    ),
    # Read in version 5.
    "aws:wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration": ResourceType(
        source="internal/service/wafv2/web_acl_logging_configuration.go",
        id="{resourceArn}",
        identity="{resourceArn}",
        upsert=True,
        force_new=frozenset({"logDestinationConfigs", "resourceArn"}),
    ),
}
