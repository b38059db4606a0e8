"""AWS CodeDeploy."""

from ..resource_type import ResourceType

# Read in version 3; version 6 adds `outdatedInstancesStrategy` and `terminationHookEnabled`.  Deleting an application
# deletes its deployment groups, so a group has no reference to it.
TYPES: dict[str, ResourceType] = {
    "aws:codedeploy/application:Application": ResourceType(
        source="internal/service/codedeploy/app.go",
        id="{unique}:{name}",
        identity="{name}",
        force_new=frozenset({"computePlatform"}),
        auto_name="name",
        defaults={"computePlatform": "Server", "linkedToGithub": False},
        computed={
            "applicationId": "{unique}",
            "arn": "arn:{partition}:codedeploy:{region}:{account}:application:{name}",
            "githubAccountName": "",
        },
    ),
    "aws:codedeploy/deploymentGroup:DeploymentGroup": ResourceType(
        source="internal/service/codedeploy/deployment_group.go",
        id="{unique}",
        identity="{appName}/{deploymentGroupName}",
        defaults={
            "deploymentConfigName": "CodeDeployDefault.OneAtATime",
            "outdatedInstancesStrategy": "UPDATE",
            "terminationHookEnabled": False,
        },
        computed={
            "arn": "arn:{partition}:codedeploy:{region}:{account}:deploymentgroup:{appName}/{deploymentGroupName}",
            # The platform of the application, which an entry cannot read.
            "computePlatform": "Lambda",
            "deploymentGroupId": "{id}",
        },
    ),
}
