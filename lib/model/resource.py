"""Common properties of the resources on which grants give permissions."""

from __future__ import annotations

from dataclasses import fields
from typing import ClassVar

from ..settings import Definition, invalid_value
from .validation import check_name, check_output_prefix, check_variable


class Resource(Definition):
    """A resource that a grant can name. Subclasses are dataclasses with the fields below."""

    KIND: ClassVar[str]
    """Kind in `iam_actions.ACTIONS`, in the names of outputs, and in errors."""
    AWS_SERVICE: ClassVar[str]
    OUTPUTS: ClassVar[tuple[str, ...]] = ()
    """Attributes of the component that are stack outputs `<prefix>_<kind>_<attribute>`."""
    CREATION_FIELDS: ClassVar[tuple[str, ...]] = ()
    """Fields that only the stack that creates the resource can set."""
    VARIABLE_VALUE: ClassVar[str] = "name"
    """Attribute of the component that is the value of the environment variable."""

    name: str
    variable: str
    output_prefix: str | None = None
    existing: bool = False

    def aws_service(self) -> str:
        """Return the AWS service of the resource, such as `dynamodb`."""
        return self.AWS_SERVICE

    def outputs(self) -> dict[str, str]:
        """Return the names of the stack outputs of the resource by attribute. Existing resources have none."""
        prefix = "" if self.existing else self._output_prefix()
        return {attribute: f"{prefix}_{self.KIND}_{attribute}" for attribute in self.OUTPUTS if prefix}

    def _output_prefix(self) -> str:
        return self.name.replace("-", "_") if self.output_prefix is None else self.output_prefix

    def _check_names(self) -> None:
        """Raise `ValueError` for an invalid name, variable or output prefix, and for fields without effect."""
        label = self.KIND.replace("_", " ")
        check_name(label, self.name)
        if self.variable:
            check_variable(f"{label} {self.name!r}", self.variable)
        if self.OUTPUTS:
            check_output_prefix(self.KIND, self.name, self._output_prefix())
        for declared in fields(self):  # type: ignore[arg-type]  # subclasses are dataclasses
            value = getattr(self, declared.name)
            if self.existing and declared.name in self.CREATION_FIELDS and value != declared.default:
                remedy = "The stack that creates it sets this property. Remove the argument."
                raise invalid_value(f"{label} {self.name!r} {declared.name}", value, "unset with existing=True", remedy)
