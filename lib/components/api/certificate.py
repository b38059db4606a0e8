"""A TLS certificate that ACM renews automatically."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pulumi
import pulumi_aws as aws

VALIDATION_SECONDS = 60
NO_RECORD = aws.acm.outputs.CertificateDomainValidationOption()
"""Validation record if the provider returns none, as in unit tests with mocks."""


@dataclass(frozen=True, kw_only=True)
class CertificateArgs:
    """Arguments for `Certificate`."""

    domain_name: str
    zone_id: str
    """Route 53 hosted zone of the domain, in which the validation record is created."""
    tags: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)


class Certificate(pulumi.ComponentResource):
    """An ACM certificate for one domain with DNS validation. ACM renews it as long as the validation record exists."""

    def __init__(self, name: str, args: CertificateArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("tap:aws:Certificate", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        self.resource = aws.acm.Certificate(
            f"{name}-certificate",
            domain_name=args.domain_name,
            validation_method="DNS",
            tags=args.tags,
            # ACM cannot delete a certificate that is in use, so create the replacement before deleting the old one.
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
            # All certificates of a domain share one validation record.
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
