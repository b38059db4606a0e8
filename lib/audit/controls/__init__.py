"""Every control, under the part of AWS that it is about."""

from collections.abc import Mapping

from ..control import Control
from . import api, buckets, delivery, functions, identity, keys, messages, network, tables, watching

CONTROLS: Mapping[str, tuple[Control, ...]] = {
    "API Gateway": api.CONTROLS,
    "Lambda": functions.CONTROLS,
    "DynamoDB": tables.CONTROLS,
    "S3": buckets.CONTROLS,
    "SNS and SQS": messages.CONTROLS,
    "CloudFront and WAF": delivery.CONTROLS,
    "Keys, secrets and parameters": keys.CONTROLS,
    "VPC": network.CONTROLS,
    "IAM and Cognito": identity.CONTROLS,
    "CloudWatch and tags": watching.CONTROLS,
}
