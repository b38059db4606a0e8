"""Log groups, which Pulumi counts as CloudWatch's."""

from __future__ import annotations

from ..emulator import ACCOUNT, Place
from .base import Inputs, Made, chosen, provisions


@provisions("aws:cloudwatch/logGroup:LogGroup")
def log_group(place: Place, inputs: Inputs) -> Made:
    """A log group and its retention."""
    logs = place.client("logs")
    request = chosen(inputs, logGroupName="name", kmsKeyId="kmsKeyId", tags="tags")
    logs.create_log_group(**request)
    if inputs.get("retentionInDays"):
        logs.put_retention_policy(logGroupName=inputs["name"], retentionInDays=inputs["retentionInDays"])
    return Made(inputs["name"], {"arn": f"arn:aws:logs:{place.region}:{ACCOUNT}:log-group:{inputs['name']}"})
