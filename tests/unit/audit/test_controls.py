"""Every control, by what it passes and what it fails."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from lib.audit.control import Control
from lib.audit.controls import CONTROLS
from lib.audit.evaluate import judge
from lib.audit.graph import Graph, Link, Resource
from lib.services import loadable
from lib.stack.config import config_keys
from lib.stack.diagnostics import DEPRECATED_RUNTIMES

ALL = {control.name: control for controls in CONTROLS.values() for control in controls}
Props = dict[str, Any]
Case = tuple[Props, ...]
"""A resource, and those beside it."""


def allowing(**statement: Any) -> Props:
    """The property of a policy that allows something."""
    return {"policy": json.dumps({"Statement": {"Effect": "Allow", **statement}})}


def refusing(**statement: Any) -> Props:
    """That of one that denies something."""
    return {"policy": json.dumps({"Statement": [{"Effect": "Deny", **statement}]})}


EVERYBODY = allowing(Principal="*", Action=["sqs:*"], Resource="*")
SOMEBODY = allowing(Principal={"Service": "events.amazonaws.com"}, Action="sqs:SendMessage", Resource="arn:q")
OVER_TLS = refusing(Principal="*", Action="*", Condition={"Bool": {"aws:SecureTransport": "false"}})
CLOSED = dict.fromkeys(("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets"), True)
SSE: Props = {"rules": [{"applyServerSideEncryptionByDefault": {"sseAlgorithm": "AES256"}}]}
WORLD: Props = {"cidrBlocks": ["10.0.0.0/16", "0.0.0.0/0"], "protocol": "-1"}
HOME: Props = {"cidrBlocks": ["10.0.0.0/16"], "protocol": "-1"}
STRONG: Props = {
    "passwordPolicy": {
        "minimumLength": 8,
        "requireLowercase": True,
        "requireUppercase": True,
        "requireNumbers": True,
        "requireSymbols": True,
    }
}
READS, WRITES = ({"scalableDimension": f"dynamodb:table:{kind}CapacityUnits"} for kind in ("Read", "Write"))
CUSTOM: Props = {"originProtocolPolicy": "https-only", "originSslProtocols": ["TLSv1.2"]}
OLD_SSL: Props = {**CUSTOM, "originSslProtocols": ["TLSv1.2", "TLSv1"]}
TIDY: Props = {"rules": [{"status": "Enabled", "abortIncompleteMultipartUpload": {"daysAfterInitiation": 7}}]}
UNTIDY: Props = {"rules": [{**TIDY["rules"][0], "status": "Disabled"}]}

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
        ({"environment": {"variables": {"WHO": "AKIAIOSFODNN7EXAMPLE"}}},),
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
    "S3.1": ((CLOSED,), ({**CLOSED, "blockPublicAcls": False},)),
    "S3.8": (({}, CLOSED), ({}, {**CLOSED, "blockPublicPolicy": False})),
    "CKV_AWS_70": (({}, OVER_TLS), ({}, EVERYBODY)),
    "S3.5": (({}, OVER_TLS), ({}, SOMEBODY)),
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
    "S3.13": (({}, TIDY), ({}, UNTIDY)),
    "S3.9": (({}, {}), ({},)),
    "S3.7": (({}, {}), ({},)),
    "S3.11": (({}, {}), ({},)),
    "SNS.1": (({"kmsMasterKeyId": "arn:k"},), ({},)),
    "SNS.4": ((SOMEBODY,), (EVERYBODY,)),
    "SQS.1": (({"sqsManagedSseEnabled": True},), ({},)),
    "CKV2_AWS_73": (({"kmsMasterKeyId": "arn:k"},), ({"sqsManagedSseEnabled": True},)),
    "SQS.3": ((SOMEBODY,), (EVERYBODY,)),
    "CKV_AWS_72": ((SOMEBODY,), (EVERYBODY,)),
    "SEC09-BP02": ((OVER_TLS,), (SOMEBODY,)),
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
        ({"origins": [{"customOriginConfig": CUSTOM}, {}]},),
        ({"origins": [{"customOriginConfig": OLD_SSL}]},),
    ),
    "CloudFront.13": (
        ({"origins": [{"originAccessControlId": "a"}, {"customOriginConfig": CUSTOM}]},),
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
    "KMS.5": ((SOMEBODY,), (EVERYBODY,)),
    "CKV_AWS_227": (({},), ({"isEnabled": False},)),
    "SecretsManager.1": (({}, {}), ({},)),
    "CKV_AWS_149": (({"kmsKeyId": "arn:k"},), ({},)),
    "CKV2_AWS_34": (({"type": "SecureString"},), ({"type": "String"},)),
    "EC2.2": (({}, {"ingress": [], "egress": []}), ({}, {"egress": [WORLD]})),
    "EC2.6": (({}, {}), ({},)),
    "EC2.15": (({},), ({"mapPublicIpOnLaunch": True},)),
    "EC2.18": (({"ingress": [HOME], "egress": [WORLD]},), ({"ingress": [HOME, WORLD]},)),
    "CKV_AWS_382": (({"egress": [HOME, {**WORLD, "protocol": "tcp"}]},), ({"egress": [WORLD]},)),
    "IAM.1": ((allowing(Action="s3:*"),), (allowing(Action=["s3:GetObject", "*"]),)),
    "IAM.21": ((allowing(Action="s3:GetObject"),), (allowing(Action="s3:*"),)),
    "CKV_AWS_355": (
        (allowing(Action=["xray:PutTraceSegments", "ec2:DescribeSubnets"], Resource="*"),),
        (allowing(Action=["xray:PutTraceSegments", "sns:Publish"], Resource="*"),),
    ),
    "KMS.2": ((allowing(Action="kms:Decrypt", Resource="arn:k"),), (allowing(Action="kms:Decrypt", Resource="*"),)),
    "CKV_AWS_60": (
        ({"assumeRolePolicy": SOMEBODY["policy"]},),
        ({"assumeRolePolicy": allowing(Principal={"AWS": "*"}, Action="sts:AssumeRole")["policy"]},),
    ),
    "CKV_AWS_274": (
        ({"policyArn": "arn:aws:iam::aws:policy/AWSXRayDaemonWriteAccess"},),
        ({"policyArn": "arn:aws:iam::aws:policy/AdministratorAccess"},),
    ),
    "Cognito.3": ((STRONG,), ({"passwordPolicy": {**STRONG["passwordPolicy"], "minimumLength": 7}},)),
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
"""Of each control what passes and what fails."""

MORE: list[tuple[str, str, bool, Case]] = [
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
    ("SQS.3", "sqs.Queue", False, (EVERYBODY,)),
    ("SQS.3", "sqs.QueuePolicy", True, (OVER_TLS,)),
    ("CloudFront.5", "cloudfront.Distribution", True, ({}, {})),
    ("CloudFront.7", "cloudfront.Distribution", True, ({"viewerCertificate": {"iamCertificateId": "c"}},)),
    ("WAF.10", "wafv2.WebAcl", True, ({"ruleJson": "[]"},)),
    ("KMS.4", "kms.Key", True, ({"customerMasterKeySpec": "ECC_NIST_P256"},)),
    ("KMS.5", "kms.KeyPolicy", False, (EVERYBODY,)),
    ("KMS.5", "kms.Key", True, (allowing(Principal="*", Condition={"StringEquals": {"kms:CallerAccount": "1"}}),)),
    ("KMS.5", "kms.Key", False, (allowing(Principal={"AWS": ["arn:r", "*"]}, Condition={"Bool": {"aws:x": "1"}}),)),
    ("EC2.2", "ec2.Vpc", False, ({},)),
    ("EC2.18", "ec2.SecurityGroupRule", False, ({"type": "ingress", "ipv6CidrBlocks": ["::/0"]},)),
    ("EC2.18", "ec2.SecurityGroupRule", True, ({"type": "egress", **WORLD},)),
    ("EC2.18", "vpc.SecurityGroupIngressRule", False, ({"cidrIpv4": "0.0.0.0/0"},)),
    ("CKV_AWS_382", "ec2.SecurityGroupRule", True, ({"type": "ingress", **WORLD},)),
    ("CKV_AWS_382", "vpc.SecurityGroupEgressRule", False, ({"cidrIpv6": "::/0", "ipProtocol": "-1"},)),
    ("CKV_AWS_355", "iam.Policy", True, (refusing(Action="*", Resource="*"),)),
    ("CKV_AWS_355", "iam.Policy", True, ({"policy": {"Statement": []}},)),
    ("KMS.2", "iam.RolePolicy", True, (allowing(Action="sns:Publish", Resource="*"),)),
    ("Cognito.3", "cognito.UserPool", False, ({},)),
    (
        *("Cognito.3", "cognito.UserPool", False),
        ({"passwordPolicy": {**STRONG["passwordPolicy"], "temporaryPasswordValidityDays": 30}},),
    ),
    ("CloudWatch.16", "cloudwatch.LogGroup", True, ({},)),
    ("DynamoDB.5", "sqs.Queue", False, ({},)),
]
"""Other kinds and other ways."""


def holds(control: Control, kind: str, case: Case) -> bool:
    """What a control says of a case that somebody else than this library made."""
    subject = Resource(kind=kind, name="it", urn="urn:pulumi:s::p::aws:x::it", props=case[0])
    beside = [
        Resource(
            kind=control.beside.kind,
            name=f"beside-{number}",
            urn=f"urn:pulumi:s::p::aws:x::beside-{number}",
            props=props,
            sources={control.beside.property: ["urn:other", subject.urn]},
        )
        for number, props in enumerate(case[1:])
        if isinstance(control.beside, Link)
    ]
    return judge(control, subject, Graph([subject, *beside])).state == "passed"


@pytest.mark.parametrize("name", EXAMPLES)
def test_control_passes_one_and_fails_the_other(name: str) -> None:
    control, (good, bad) = ALL[name], EXAMPLES[name]
    assert (holds(control, control.kinds[0], good), holds(control, control.kinds[0], bad)) == (True, False)


@pytest.mark.parametrize(("name", "kind", "wanted", "case"), MORE)
def test_control_sees_other_kinds_and_other_ways(name: str, kind: str, wanted: bool, case: Case) -> None:
    assert kind in ALL[name].kinds
    assert holds(ALL[name], kind, case) is wanted


def test_every_control_has_an_example() -> None:
    assert EXAMPLES.keys() == ALL.keys()


@pytest.mark.parametrize("runtime", DEPRECATED_RUNTIMES)
def test_runtimes_that_the_library_warns_of_fail(runtime: str) -> None:
    assert not holds(ALL["Lambda.2"], "lambda.Function", ({"runtime": runtime},))


@pytest.mark.parametrize("runtime", ["python3.10", "python3.14", "nodejs22.x", "ruby3.3", "java21", "provided.al2023"])
def test_runtimes_that_are_patched_pass(runtime: str) -> None:
    assert holds(ALL["Lambda.2"], "lambda.Function", ({"runtime": runtime},))


def test_a_resource_beside_another_says_nothing_of_this_one() -> None:
    control = ALL["S3.8"]
    assert isinstance(control.beside, Link)
    mine, other = (Resource(kind="s3.Bucket", name=n, urn=f"urn:x::x::aws:s::{n}", props={}) for n in ("mine", "other"))
    block = Resource(
        kind=control.beside.kind, name="block", urn="urn:x::x::b::b", props=CLOSED, sources={"bucket": [other.urn]}
    )
    graph = Graph([mine, other, block])
    assert [judge(control, bucket, graph).state for bucket in (mine, other)] == ["failed", "passed"]


@pytest.mark.parametrize("control", ALL.values(), ids=ALL.keys())
def test_control_says_what_it_is_and_what_mends_it(control: Control) -> None:
    known = r"CKV2?_AWS_\d+|(APIGateway|CloudFront|CloudWatch|Cognito|DynamoDB|EC2|IAM|KMS|Lambda|S3|SNS|SQS|WAF)\.\d+"
    assert all(re.fullmatch(rf"{known}|SecretsManager\.\d|(SEC|REL|COST)\d\d-BP\d\d", id_) for id_ in control.ids)
    assert control.remedy.endswith(".")
    settings = re.findall(r"`([a-z]+_[a-z_]+)`", control.remedy)
    assert set(settings) <= config_keys(loadable()).keys() | {"dead_letters", "key_required"}


def test_no_two_controls_go_by_one_name() -> None:
    assert len(ALL) == sum(map(len, CONTROLS.values()))


def test_endpoint_of_an_api_without_a_domain_is_needed() -> None:
    assert ALL["SEC05-BP02"].holds(Resource(kind="apigateway.RestApi", name="api", urn="urn:api", props={}), [])
