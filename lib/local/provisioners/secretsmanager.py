"""Secrets and their values."""

from __future__ import annotations

from ..emulator import Place
from .base import Inputs, Made, Row, chosen, provisions, rows, tag_list


@provisions("aws:secretsmanager/secret:Secret")
def secret(place: Place, inputs: Inputs) -> Made:
    """A secret without a value."""
    made = place.client("secretsmanager").create_secret(
        **chosen(inputs, Name="name", Description="description", KmsKeyId="kmsKeyId"), Tags=tag_list(inputs)
    )
    return Made(made["ARN"], {"arn": made["ARN"]})


rows(
    "secretsmanager",
    {
        "aws:secretsmanager/secretVersion:SecretVersion": Row(
            "put_secret_value", "SecretId=secretId SecretString=secretStringWo", "{secretId}|{VersionId}"
        ),
    },
)
