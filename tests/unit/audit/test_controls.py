"""Every control with compliant and noncompliant resources."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

import pytest

from lib.audit.control import Control
from lib.audit.controls import CONTROLS
from lib.audit.evaluate import evaluate
from lib.audit.graph import Graph, Link, Resource, Uses
from lib.services import loadable
from lib.stack.config import config_keys
from lib.stack.diagnostics import DEPRECATED_RUNTIMES

ALL = {control.name: control for controls in CONTROLS.values() for control in controls}
Props = dict[str, Any]
Case = tuple[Props, ...]
"""Properties of a resource, and of its related resources."""


def allow(**statement: Any) -> Props:
    """Return a policy with an Allow statement."""
    return {"policy": json.dumps({"Statement": {"Effect": "Allow", **statement}})}


def deny(**statement: Any) -> Props:
    """Return a policy with a Deny statement."""
    return {"policy": json.dumps({"Statement": [{"Effect": "Deny", **statement}]})}


PUBLIC = allow(Principal="*", Action=["sqs:*"], Resource="*")
RESTRICTED = allow(Principal={"Service": "events.amazonaws.com"}, Action="sqs:SendMessage", Resource="arn:q")
TLS_ONLY = deny(Principal="*", Action="*", Condition={"Bool": {"aws:SecureTransport": "false"}})
BLOCKED = dict.fromkeys(("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets"), True)
SSE: Props = {"rules": [{"applyServerSideEncryptionByDefault": {"sseAlgorithm": "AES256"}}]}
ANYWHERE: Props = {"cidrBlocks": ["10.0.0.0/16", "0.0.0.0/0"], "protocol": "-1"}
INTERNAL: Props = {"cidrBlocks": ["10.0.0.0/16"], "protocol": "-1"}
STRONG_PASSWORDS: Props = {
    "passwordPolicy": {
        "minimumLength": 8,
        "requireLowercase": True,
        "requireUppercase": True,
        "requireNumbers": True,
        "requireSymbols": True,
    }
}
READS, WRITES = ({"scalableDimension": f"dynamodb:table:{kind}CapacityUnits"} for kind in ("Read", "Write"))
HTTPS_ONLY: Props = {"originProtocolPolicy": "https-only", "originSslProtocols": ["TLSv1.2"]}
DEPRECATED_TLS: Props = {**HTTPS_ONLY, "originSslProtocols": ["TLSv1.2", "TLSv1"]}
LIFECYCLE: Props = {"rules": [{"status": "Enabled", "abortIncompleteMultipartUpload": {"daysAfterInitiation": 7}}]}
DISABLED_LIFECYCLE: Props = {"rules": [{**LIFECYCLE["rules"][0], "status": "Disabled"}]}

EXAMPLES: dict[str, tuple[Case, Case]] = {
    "APIGateway.1": (({}, {"settings": {"loggingLevel": "ERROR"}}), ({}, {"settings": {"loggingLevel": "OFF"}})),
    "CKV_AWS_76": (({"accessLogSettings": {"destinationArn": "arn:logs"}},), ({},)),
    "APIGateway.3": (({"xrayTracingEnabled": True},), ({"xrayTracingEnabled": False},)),
    "APIGateway.4": (({}, {}), ({},)),
    "APIGateway.2": (({"clientCertificateId": "c"},), ({},)),
    "CKV_AWS_120": (({"cacheClusterEnabled": True},), ({},)),
    "APIGateway.5": (
        ({"settings": {"cachingEnabled": True, "cacheDataEncrypted": True}},),
        ({"settings": {"cachingEnabled": True}},),
    ),
    "CKV_AWS_276": (({"settings": {"dataTraceEnabled": False}},), ({"settings": {"dataTraceEnabled": True}},)),
    "REL05-BP02": (({"settings": {"throttlingRateLimit": 0}},), ({"settings": {}},)),
    "CKV_AWS_59": (
        ({"httpMethod": "GET", "authorization": "AWS_IAM"},),
        ({"httpMethod": "GET", "authorization": "NONE", "apiKeyRequired": False},),
    ),
    "CKV2_AWS_53": (({"httpMethod": "GET", "requestValidatorId": "v"},), ({"httpMethod": "GET"},)),
    "CKV_AWS_206": (({"securityPolicy": "TLS_1_2"},), ({"securityPolicy": "TLS_1_0"},)),
    "SEC05-BP02": (({"disableExecuteApiEndpoint": True}, {"basePath": "v1"}), ({}, {"basePath": "v1"})),
    "APIGateway.11": (({"securityPolicy": "SecurityPolicy_TLS13_1_3_2025_09"},), ({"securityPolicy": "TLS_1_2"},)),
    "Lambda.1": (({"principal": "*", "principalOrgId": "o-1"},), ({"principal": "*"},)),
    "CKV_AWS_258": (({"authorizationType": "AWS_IAM"},), ({"authorizationType": "NONE"},)),
    "CKV_AWS_364": (
        ({"principal": "events.amazonaws.com", "sourceArn": "arn:rule"},),
        ({"principal": "events.amazonaws.com"},),
    ),
    "Lambda.2": (({"runtime": "python3.13"},), ({"runtime": "nodejs16.x"},)),
    "Lambda.3": (({"vpcConfig": {"subnetIds": ["a"]}},), ({},)),
    "Lambda.5": (({"vpcConfig": {"subnetIds": ["a", "b"]}},), ({"vpcConfig": {"subnetIds": ["a"]}},)),
    "Lambda.7": (({"tracingConfig": {"mode": "Active"}},), ({"tracingConfig": {"mode": "PassThrough"}},)),
    "CKV_AWS_115": (({"reservedConcurrentExecutions": 0},), ({"reservedConcurrentExecutions": -1},)),
    "CKV_AWS_116": (({"deadLetterConfig": {"targetArn": "arn:q"}},), ({},)),
    "CKV_AWS_173": (
        ({"environment": {"variables": {"TABLE": "t"}}, "kmsKeyArn": "arn:k"},),
        ({"environment": {"variables": {"TABLE": "t"}}},),
    ),
    "CKV_AWS_45": (
        ({"environment": {"variables": {"TABLE": "tokens"}}},),
        ({"environment": {"variables": {"KEY_ID": "AKIAIOSFODNN7EXAMPLE"}}},),
    ),
    "CKV_AWS_272": (({"codeSigningConfigArn": "arn:c"},), ({},)),
    "DynamoDB.1": (({"billingMode": "PROVISIONED"}, READS, WRITES), ({"billingMode": "PROVISIONED"}, READS)),
    "DynamoDB.2": (({"pointInTimeRecovery": {"enabled": True}},), ({"pointInTimeRecovery": {"enabled": False}},)),
    "DynamoDB.4": (({}, {}), ({},)),
    "DynamoDB.6": (({"deletionProtectionEnabled": True},), ({},)),
    "CKV_AWS_119": (
        ({"serverSideEncryption": {"enabled": True, "kmsKeyArn": "arn:k"}},),
        ({"serverSideEncryption": {"enabled": True}},),
    ),
    "CKV_AWS_166": (({"kmsKeyArn": "arn:k"},), ({},)),
    "S3.1": ((BLOCKED,), ({**BLOCKED, "blockPublicAcls": False},)),
    "S3.8": (({}, BLOCKED), ({}, {**BLOCKED, "blockPublicPolicy": False})),
    "CKV_AWS_70": (({}, TLS_ONLY), ({}, PUBLIC)),
    "S3.5": (({}, TLS_ONLY), ({}, RESTRICTED)),
    "S3.12": (
        ({}, {"rule": {"objectOwnership": "BucketOwnerEnforced"}}),
        ({}, {"rule": {"objectOwnership": "ObjectWriter"}}),
    ),
    "CKV_AWS_19": (({}, SSE), ({},)),
    "S3.17": (({}, {"rules": [{"applyServerSideEncryptionByDefault": {"sseAlgorithm": "aws:kms"}}]}), ({}, SSE)),
    "S3.14": (
        ({}, {"versioningConfiguration": {"status": "Enabled"}}),
        ({}, {"versioningConfiguration": {"status": "Suspended"}}),
    ),
    "S3.13": (({}, LIFECYCLE), ({}, DISABLED_LIFECYCLE)),
    "S3.9": (({}, {}), ({},)),
    "S3.7": (({}, {}), ({},)),
    "S3.11": (({}, {}), ({},)),
    "SNS.1": (({"kmsMasterKeyId": "arn:k"},), ({},)),
    "SNS.4": ((RESTRICTED,), (PUBLIC,)),
    "SQS.1": (({"sqsManagedSseEnabled": True},), ({},)),
    "CKV2_AWS_73": (({"kmsMasterKeyId": "arn:k"},), ({"sqsManagedSseEnabled": True},)),
    "SQS.3": ((RESTRICTED,), (PUBLIC,)),
    "CKV_AWS_72": ((RESTRICTED,), (PUBLIC,)),
    "EventBridge.3": (({}, RESTRICTED), ({},)),
    "SEC03-BP07": ((RESTRICTED,), (PUBLIC,)),
    "REL05-BP04": (({}, {"redrivePolicy": "{}"}), ({}, {})),
    "SEC09-BP02": ((TLS_ONLY,), (RESTRICTED,)),
    "CloudFront.1": (({"defaultRootObject": "index.html"},), ({},)),
    "CloudFront.3": (
        (
            {
                "defaultCacheBehavior": {"viewerProtocolPolicy": "redirect-to-https"},
                "orderedCacheBehaviors": [{"viewerProtocolPolicy": "https-only"}],
            },
        ),
        ({"defaultCacheBehavior": {"viewerProtocolPolicy": "allow-all"}},),
    ),
    "CloudFront.9": (
        ({"origins": [{"customOriginConfig": HTTPS_ONLY}, {}]},),
        ({"origins": [{"customOriginConfig": DEPRECATED_TLS}]},),
    ),
    "CloudFront.13": (
        ({"origins": [{"originAccessControlId": "a"}, {"customOriginConfig": HTTPS_ONLY}]},),
        ({"origins": [{"originAccessControlId": "a"}, {}]},),
    ),
    "CloudFront.7": (
        ({"viewerCertificate": {"acmCertificateArn": "arn:c"}},),
        ({"viewerCertificate": {"cloudfrontDefaultCertificate": True}},),
    ),
    "CloudFront.15": (
        ({"viewerCertificate": {"minimumProtocolVersion": "TLSv1.2_2021"}},),
        ({"viewerCertificate": {"minimumProtocolVersion": "TLSv1.1_2016"}},),
    ),
    "CKV2_AWS_32": (({"defaultCacheBehavior": {"responseHeadersPolicyId": "p"}},), ({},)),
    "CloudFront.5": (({"loggingConfig": {"bucket": "b"}},), ({},)),
    "CloudFront.6": (({"webAclId": "arn:a"},), ({},)),
    "CloudFront.4": (({"originGroups": [{}]},), ({},)),
    "CKV_AWS_374": (
        ({"restrictions": {"geoRestriction": {"restrictionType": "whitelist"}}},),
        ({"restrictions": {"geoRestriction": {"restrictionType": "none"}}},),
    ),
    "WAF.10": (({"rules": [{}]},), ({"rules": []},)),
    "WAF.11": (({}, {}), ({},)),
    "WAF.12": (
        ({"rules": [{"visibilityConfig": {"cloudwatchMetricsEnabled": True}}]},),
        ({"rules": [{"visibilityConfig": {"cloudwatchMetricsEnabled": False}}]},),
    ),
    "KMS.4": (({"enableKeyRotation": True},), ({},)),
    "KMS.5": ((RESTRICTED,), (PUBLIC,)),
    "CKV_AWS_227": (({},), ({"isEnabled": False},)),
    "SecretsManager.1": (({}, {}), ({},)),
    "CKV_AWS_149": (({"kmsKeyId": "arn:k"},), ({},)),
    "CKV2_AWS_34": (({"type": "SecureString"},), ({"type": "String"},)),
    "EC2.2": (({}, {"ingress": [], "egress": []}), ({}, {"egress": [ANYWHERE]})),
    "EC2.6": (({}, {}), ({},)),
    "EC2.15": (({},), ({"mapPublicIpOnLaunch": True},)),
    "EC2.18": (({"ingress": [INTERNAL], "egress": [ANYWHERE]},), ({"ingress": [INTERNAL, ANYWHERE]},)),
    "CKV_AWS_382": (({"egress": [INTERNAL, {**ANYWHERE, "protocol": "tcp"}]},), ({"egress": [ANYWHERE]},)),
    "IAM.1": ((allow(Action="s3:*"),), (allow(Action=["s3:GetObject", "*"]),)),
    "IAM.21": ((allow(Action="s3:GetObject"),), (allow(Action="s3:*"),)),
    "CKV_AWS_355": (
        (allow(Action=["xray:PutTraceSegments", "ec2:DescribeSubnets"], Resource="*"),),
        (allow(Action=["xray:PutTraceSegments", "sns:Publish"], Resource="*"),),
    ),
    "KMS.2": ((allow(Action="kms:Decrypt", Resource="arn:k"),), (allow(Action="kms:Decrypt", Resource="*"),)),
    "CKV_AWS_60": (
        ({"assumeRolePolicy": RESTRICTED["policy"]},),
        ({"assumeRolePolicy": allow(Principal={"AWS": "*"}, Action="sts:AssumeRole")["policy"]},),
    ),
    "APIGateway.9": (({"accessLogSettings": {"destinationArn": "arn:logs"}},), ({},)),
    "APIGateway.8": (({"authorizationType": "JWT"},), ({"authorizationType": "NONE"},)),
    "CKV_AWS_274": (
        ({"policyArn": "arn:aws:iam::aws:policy/AWSXRayDaemonWriteAccess"},),
        ({"policyArn": "arn:aws:iam::aws:policy/AdministratorAccess"},),
    ),
    "Cognito.3": (
        (STRONG_PASSWORDS,),
        ({"passwordPolicy": {**STRONG_PASSWORDS["passwordPolicy"], "minimumLength": 7}},),
    ),
    "Cognito.5": (({"mfaConfiguration": "OPTIONAL"},), ({"mfaConfiguration": "OFF"},)),
    "Cognito.6": (({"deletionProtection": "ACTIVE"},), ({},)),
    "Cognito.1": (
        ({"userPoolAddOns": {"advancedSecurityMode": "ENFORCED"}},),
        ({"userPoolAddOns": {"advancedSecurityMode": "AUDIT"}},),
    ),
    "Cognito.2": (({"allowUnauthenticatedIdentities": False},), ({"allowUnauthenticatedIdentities": True},)),
    "CKV_AWS_66": (({"retentionInDays": 7},), ({},)),
    "CloudWatch.16": (({"retentionInDays": 365},), ({"retentionInDays": 364},)),
    "CKV_AWS_158": (({"kmsKeyId": "arn:k"},), ({},)),
    "REL06-BP01": (({}, {}), ({},)),
    "CloudWatch.15": (({"alarmActions": ["arn:t"]},), ({"alarmActions": []},)),
    "CloudWatch.17": (({},), ({"actionsEnabled": False},)),
    "DynamoDB.5": (({"tags": {"Owner": "us"}},), ({"tags": {}},)),
}
"""A compliant and a noncompliant case of each control."""

MORE_EXAMPLES: list[tuple[str, str, bool, Case]] = [
    ("CKV_AWS_59", "apigateway.Method", True, ({"httpMethod": "OPTIONS", "authorization": "NONE"},)),
    (
        "CKV_AWS_59",
        "apigateway.Method",
        True,
        ({"httpMethod": "GET", "authorization": "NONE", "apiKeyRequired": True},),
    ),
    ("CKV_AWS_59", "apigateway.Method", True, ({"httpMethod": "GET", "authorization": "NONE"}, {"type": "MOCK"})),
    ("CKV_AWS_59", "apigateway.Method", False, ({"httpMethod": "GET", "authorization": "NONE"}, {"type": "AWS_PROXY"})),
    ("CKV2_AWS_53", "apigateway.Method", True, ({"httpMethod": "OPTIONS"},)),
    ("CKV2_AWS_53", "apigateway.Method", True, ({"httpMethod": "GET"}, {"type": "MOCK"})),
    ("CKV_AWS_206", "apigateway.DomainName", True, ({"securityPolicy": "SecurityPolicy_TLS13_2025_EDGE"},)),
    ("CKV_AWS_206", "apigateway.DomainName", False, ({},)),
    ("REL05-BP02", "apigatewayv2.Stage", True, ({"defaultRouteSettings": {"throttlingRateLimit": 100}},)),
    ("REL05-BP02", "apigatewayv2.Stage", False, ({"defaultRouteSettings": {"detailedMetricsEnabled": True}},)),
    ("SEC05-BP02", "apigatewayv2.Api", True, ({},)),
    ("SEC05-BP02", "apigatewayv2.Api", True, ({"disableExecuteApiEndpoint": True}, {"apiMappingKey": "v1"})),
    ("SEC05-BP02", "apigatewayv2.Api", False, ({}, {"apiMappingKey": "v1"})),
    ("Lambda.1", "lambda.Permission", True, ({"principal": "123456789012"},)),
    ("CKV_AWS_364", "lambda.Permission", True, ({"principal": "123456789012"},)),
    ("CKV_AWS_364", "lambda.Permission", True, ({"principal": "s3.amazonaws.com", "sourceAccount": "1"},)),
    ("Lambda.2", "lambda.Function", True, ({"packageType": "Image"},)),
    ("Lambda.5", "lambda.Function", True, ({},)),
    ("CKV_AWS_116", "lambda.Function", True, ({}, {"destinationConfig": {"onFailure": {"destination": "arn:q"}}})),
    ("CKV_AWS_116", "lambda.Function", False, ({}, {"destinationConfig": {"onSuccess": {"destination": "arn:q"}}})),
    ("CKV_AWS_173", "lambda.Function", True, ({},)),
    ("CKV_AWS_45", "lambda.Function", True, ({},)),
    ("CKV_AWS_45", "lambda.Function", False, ({"environment": {"variables": {"DB_PASSWORD": "x"}}},)),
    ("DynamoDB.1", "dynamodb.Table", True, ({"billingMode": "PAY_PER_REQUEST"},)),
    ("S3.13", "s3.Bucket", False, ({}, {"rules": [{"status": "Enabled"}]})),
    ("SNS.4", "sns.Topic", True, ({},)),
    ("SQS.1", "sqs.Queue", True, ({"kmsMasterKeyId": "alias/aws/sqs"},)),
    ("SQS.3", "sqs.Queue", False, (PUBLIC,)),
    ("SQS.3", "sqs.QueuePolicy", True, (TLS_ONLY,)),
    ("CloudFront.5", "cloudfront.Distribution", True, ({}, {})),
    ("CloudFront.7", "cloudfront.Distribution", True, ({"viewerCertificate": {"iamCertificateId": "c"}},)),
    ("WAF.10", "wafv2.WebAcl", True, ({"ruleJson": "[]"},)),
    ("KMS.4", "kms.Key", True, ({"customerMasterKeySpec": "ECC_NIST_P256"},)),
    ("KMS.5", "kms.KeyPolicy", False, (PUBLIC,)),
    ("KMS.5", "kms.Key", True, (allow(Principal="*", Condition={"StringEquals": {"kms:CallerAccount": "1"}}),)),
    ("KMS.5", "kms.Key", False, (allow(Principal={"AWS": ["arn:r", "*"]}, Condition={"Bool": {"aws:x": "1"}}),)),
    ("EC2.2", "ec2.Vpc", False, ({},)),
    ("EC2.18", "ec2.SecurityGroupRule", False, ({"type": "ingress", "ipv6CidrBlocks": ["::/0"]},)),
    ("EC2.18", "ec2.SecurityGroupRule", True, ({"type": "egress", **ANYWHERE},)),
    ("EC2.18", "vpc.SecurityGroupIngressRule", False, ({"cidrIpv4": "0.0.0.0/0"},)),
    ("CKV_AWS_382", "ec2.SecurityGroupRule", True, ({"type": "ingress", **ANYWHERE},)),
    ("CKV_AWS_382", "vpc.SecurityGroupEgressRule", False, ({"cidrIpv6": "::/0", "ipProtocol": "-1"},)),
    ("CKV_AWS_355", "iam.Policy", True, (deny(Action="*", Resource="*"),)),
    ("CKV_AWS_355", "iam.Policy", True, ({"policy": {"Statement": []}},)),
    ("KMS.2", "iam.RolePolicy", True, (allow(Action="sns:Publish", Resource="*"),)),
    ("Cognito.3", "cognito.UserPool", False, ({},)),
    (
        *("Cognito.3", "cognito.UserPool", False),
        ({"passwordPolicy": {**STRONG_PASSWORDS["passwordPolicy"], "temporaryPasswordValidityDays": 30}},),
    ),
    ("CloudWatch.16", "cloudwatch.LogGroup", True, ({},)),
    ("DynamoDB.5", "sqs.Queue", False, ({},)),
]
"""Control, resource kind, whether the resource is compliant, and the case."""


def is_compliant(control: Control, kind: str, case: Case) -> bool:
    """Return whether a resource that the library did not create passes a control."""
    resource = Resource(kind=kind, name="it", urn="urn:pulumi:s::p::aws:x::it", props=case[0])
    relation = control.related
    if isinstance(relation, tuple):
        relation = relation[control.kinds.index(kind)]
    related = [
        Resource(
            kind=relation.kind if isinstance(relation, Link) else relation.kinds[0],
            name=f"related-{number}",
            urn=f"urn:pulumi:s::p::aws:x::related-{number}",
            props=props,
            sources={relation.property: ["urn:other", resource.urn]} if isinstance(relation, Link) else {},
        )
        for number, props in enumerate(case[1:])
        if relation
    ]
    if isinstance(relation, Uses):
        resource = replace(resource, sources={relation.property: [other.urn for other in related]})
    return evaluate(control, resource, Graph([resource, *related])).state == "passed"


@pytest.mark.parametrize("name", EXAMPLES)
def test_control_passes_a_compliant_and_fails_a_noncompliant_resource(name: str) -> None:
    control, (compliant, noncompliant) = ALL[name], EXAMPLES[name]
    assert (
        is_compliant(control, control.kinds[0], compliant),
        is_compliant(control, control.kinds[0], noncompliant),
    ) == (True, False)


@pytest.mark.parametrize(("name", "kind", "expected", "case"), MORE_EXAMPLES)
def test_control_evaluates_other_kinds_and_properties(name: str, kind: str, expected: bool, case: Case) -> None:
    assert kind in ALL[name].kinds
    assert is_compliant(ALL[name], kind, case) is expected


def test_every_control_has_an_example() -> None:
    assert EXAMPLES.keys() == ALL.keys()


@pytest.mark.parametrize("runtime", DEPRECATED_RUNTIMES)
def test_deprecated_runtime_fails(runtime: str) -> None:
    assert not is_compliant(ALL["Lambda.2"], "lambda.Function", ({"runtime": runtime},))


@pytest.mark.parametrize("runtime", ["python3.10", "python3.14", "nodejs22.x", "ruby3.3", "java21", "provided.al2023"])
def test_supported_runtime_passes(runtime: str) -> None:
    assert is_compliant(ALL["Lambda.2"], "lambda.Function", ({"runtime": runtime},))


def test_resource_related_to_another_resource_is_ignored() -> None:
    control = ALL["S3.8"]
    assert isinstance(control.related, Link)
    first, second = (
        Resource(kind="s3.Bucket", name=name, urn=f"urn:x::x::aws:s::{name}", props={}) for name in ("first", "second")
    )
    block = Resource(
        kind=control.related.kind, name="block", urn="urn:x::x::b::b", props=BLOCKED, sources={"bucket": [second.urn]}
    )
    graph = Graph([first, second, block])
    assert [evaluate(control, bucket, graph).state for bucket in (first, second)] == ["failed", "passed"]


@pytest.mark.parametrize("control", ALL.values(), ids=ALL.keys())
def test_control_has_known_ids_and_a_remediation_with_existing_settings(control: Control) -> None:
    pattern = (
        r"CKV2?_AWS_\d+|(APIGateway|CloudFront|CloudWatch|Cognito|DynamoDB|EC2|EventBridge|IAM|KMS|Lambda|S3|SNS|SQS"
        r"|WAF)\.\d+"
    )
    assert all(re.fullmatch(rf"{pattern}|SecretsManager\.\d|(SEC|REL|COST)\d\d-BP\d\d", id_) for id_ in control.ids)
    assert control.remediation.endswith(".")
    settings = re.findall(r"`([a-z]+_[a-z_]+)`", control.remediation)
    assert set(settings) <= config_keys(loadable()).keys() | {"dead_letters", "key_required"}
    assert bool(settings) <= control.other_remediation.endswith(".")
    assert not re.findall(r"`([a-z]+_[a-z_]+)`", control.other_remediation)


def test_names_of_controls_are_unique() -> None:
    assert len(ALL) == sum(map(len, CONTROLS.values()))


def test_api_without_a_domain_requires_the_execute_api_endpoint() -> None:
    assert ALL["SEC05-BP02"].is_compliant(Resource(kind="apigateway.RestApi", name="api", urn="urn:api", props={}), [])
