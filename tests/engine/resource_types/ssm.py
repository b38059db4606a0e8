"""AWS Systems Manager Parameter Store."""

from ..resource_type import ResourceType

TYPES: dict[str, ResourceType] = {
    # Read in version 5; the write-only value is from the documentation.  A tier that changes from Advanced to Standard
    # replaces the parameter, another change of it does not.
    "aws:ssm/parameter:Parameter": ResourceType(
        source="internal/service/ssm/parameter.go",
        id="{name}",
        # A parameter with `overwrite` overwrites an existing one.
        identity="{name}",
        force_new=frozenset({"dataType", "name"}),
        auto_name="name",
        defaults={"dataType": "text", "hasValueWo": False, "tier": "Standard", "version": 1},
        # A slash comes before a name that does not start with one.
        computed={"arn": "arn:{partition}:ssm:{region}:{account}:parameter{name}"},
        # Only a changed value makes a new version.
        volatile=frozenset({"version"}),
        secret=frozenset({"value", "valueWo"}),
    ),
}
