"""AWS Backup."""

from ..resource_type import ResourceType

TYPES: dict[str, ResourceType] = {
    "aws:backup/plan:Plan": ResourceType(
        source="internal/service/backup/plan.go",
        id="{unique}",
        # AWS rejects a plan whose whole document exists already; plans may share a name.
        force_new=frozenset({"name"}),
        auto_name="name",
        computed={"arn": "arn:{partition}:backup:{region}:{account}:backup-plan:{id}", "version": "{unique}"},
    ),
    "aws:backup/selection:Selection": ResourceType(
        source="internal/service/backup/selection.go",
        id="{unique}",
        force_new=frozenset(
            {"conditions", "iamRoleArn", "name", "notResources", "planId", "resources", "selectionTags"}
        ),
        auto_name="name",
        defaults={"notResources": []},
        references={"planId": "aws:backup/plan:Plan"},
    ),
    "aws:backup/vault:Vault": ResourceType(
        source="internal/service/backup/vault.go",
        unreadable=frozenset({"forceDestroy"}),
        id="{name}",
        identity="{name}",
        force_new=frozenset({"kmsKeyArn", "name"}),
        auto_name="name",
        defaults={
            "forceDestroy": False,
            # The key `aws/backup` of the region.
            "kmsKeyArn": "arn:{partition}:kms:{region}:{account}:key/11111111-1111-4111-8111-111111111111",
            "recoveryPoints": 0,
        },
        computed={"arn": "arn:{partition}:backup:{region}:{account}:backup-vault:{name}"},
    ),
}
