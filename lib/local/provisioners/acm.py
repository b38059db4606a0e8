"""Certificates, and the DNS that proves whose a domain is."""

from __future__ import annotations

from ..emulator import Place
from .base import NOT_EMULATED, Inputs, Made, chosen, provisions, tag_list

NOT_EMULATED |= {
    "aws:route53/record:Record": "the hosted zone is on AWS",
    "aws:acm/certificateValidation:CertificateValidation": "the emulator's certificates are valid as they are",
}


@provisions("aws:acm/certificate:Certificate")
def certificate(place: Place, inputs: Inputs) -> Made:
    """A certificate."""
    client = place.client("acm")
    arn = client.request_certificate(
        **chosen(inputs, DomainName="domainName", ValidationMethod="validationMethod"), Tags=tag_list(inputs)
    )["CertificateArn"]
    asked = client.describe_certificate(CertificateArn=arn)["Certificate"]["DomainValidationOptions"]
    options = [
        {
            "domainName": one["DomainName"],
            "resourceRecordName": one["ResourceRecord"]["Name"],
            "resourceRecordType": one["ResourceRecord"]["Type"],
            "resourceRecordValue": one["ResourceRecord"]["Value"],
        }
        for one in asked
    ]
    return Made(arn, {"arn": arn, "domainValidationOptions": options})
