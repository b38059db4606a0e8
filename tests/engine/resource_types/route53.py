"""Amazon Route 53."""

from ..resource_type import ResourceType

TYPES: dict[str, ResourceType] = {
    # Read in version 5.  A changed type or set identifier is a deletion and a creation in one transaction, in place.
    "aws:route53/record:Record": ResourceType(
        source="internal/service/route53/record.go",
        # Without the last underscore if the record has no set identifier.
        id="{zoneId}_{name}_{type}_{setIdentifier}",
        # A record with `allowOverwrite` overwrites an existing one.
        identity="{zoneId}_{name}_{type}_{setIdentifier}",
        scope="account",
        force_new=frozenset({"name", "zoneId"}),
        computed={"fqdn": "{name}"},
    ),
}
