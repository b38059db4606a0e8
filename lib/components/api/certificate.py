"""A certificate that AWS keeps valid by itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pulumi
import pulumi_aws as aws

VALIDATION_SECONDS = 60
NO_RECORD = aws.acm.outputs.CertificateDomainValidationOption()
"""Validation record of a certificate whose options are unset, as in unit tests with mocks."""


@dataclass(frozen=True, kw_only=True)
class CertificateArgs:
    """What a `Certificate` is made from."""

    domain_name: str
    zone_id: str
    """The hosted zone of Route 53 that gets the record by which ACM knows whose the domain is."""
    tags: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)


class Certificate(pulumi.ComponentResource):
    """A certificate of ACM for one domain, validated by DNS, which renews it, too, as long as the record stands."""

    def __init__(self, name: str, args: CertificateArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("tap:aws:Certificate", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        self.resource = aws.acm.Certificate(
            f"{name}-certificate",
            domain_name=args.domain_name,
            validation_method="DNS",
            tags=args.tags,
            # One that serves cannot be deleted: the next stands before it goes.
            opts=pulumi.ResourceOptions(parent=self, delete_before_replace=False),
        )
        validation = self.resource.domain_validation_options.apply(lambda options: options or [NO_RECORD])[0]
        self.record = aws.route53.Record(
            f"{name}-proof",
            zone_id=args.zone_id,
            name=validation.resource_record_name,
            type=validation.resource_record_type,
            records=[validation.resource_record_value],
            ttl=VALIDATION_SECONDS,
            # Certificates of one domain share it.
            allow_overwrite=True,
            opts=child,
        )
        self.validation = aws.acm.CertificateValidation(
            f"{name}-validation",
            certificate_arn=self.resource.arn,
            validation_record_fqdns=[self.record.fqdn],
            opts=child,
        )
        self.arn = self.validation.certificate_arn
        self.register_outputs({"arn": self.arn})
