"""CodeDeploy, which the emulator has not."""

from .base import NOT_EMULATED

NOT_EMULATED |= dict.fromkeys(
    ("aws:codedeploy/application:Application", "aws:codedeploy/deploymentGroup:DeploymentGroup"),
    "the emulator has no CodeDeploy",
)
