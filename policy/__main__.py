"""Policy pack with the controls of the library: `pulumi preview --policy-pack policy`."""

from pulumi_policy import PolicyPack
from tap_stack.audit.policy_pack import policies

PolicyPack("tap-stack", policies())
