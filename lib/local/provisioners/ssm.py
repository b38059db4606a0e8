"""Parameters."""

from __future__ import annotations

from ..emulator import ACCOUNT, Place
from .base import Inputs, Made, chosen, provisions, tag_list


@provisions("aws:ssm/parameter:Parameter")
def ssm_parameter(place: Place, inputs: Inputs) -> Made:
    """A parameter."""
    name = inputs["name"]
    made = place.client("ssm").put_parameter(
        **chosen(inputs, Name="name", Type="type", Value="value", Description="description", KeyId="keyId"),
        **chosen(inputs, Value="valueWo"),
        Tags=tag_list(inputs),
    )
    arn = f"arn:aws:ssm:{place.region}:{ACCOUNT}:parameter/{name.removeprefix('/')}"
    return Made(name, {"arn": arn, "version": made["Version"]})
