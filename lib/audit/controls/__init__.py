"""All controls, grouped by AWS service."""

from collections.abc import Mapping

from ..control import Control
from . import (
    api_gateway,
    cloudfront_waf,
    cloudwatch,
    dynamodb,
    eventbridge,
    http_api,
    iam_cognito,
    kms_secrets,
    lambda_,
    s3,
    sns_sqs,
    vpc,
)

CONTROLS: Mapping[str, tuple[Control, ...]] = {
    "API Gateway": (*api_gateway.CONTROLS, *http_api.CONTROLS),
    "Lambda": lambda_.CONTROLS,
    "DynamoDB": dynamodb.CONTROLS,
    "S3": s3.CONTROLS,
    "SNS and SQS": sns_sqs.CONTROLS,
    "EventBridge": eventbridge.CONTROLS,
    "CloudFront and WAF": cloudfront_waf.CONTROLS,
    "Keys, secrets and parameters": kms_secrets.CONTROLS,
    "VPC": vpc.CONTROLS,
    "IAM and Cognito": iam_cognito.CONTROLS,
    "CloudWatch and tags": cloudwatch.CONTROLS,
}
