"""Arguments, names and options that the parts of a stack share."""

from __future__ import annotations

import pulumi

from ..components.lookup import existing_resources
from ..components.lookup.provider_info import ProviderInfo
from ..settings import USER_POOL
from . import collisions
from .args import TapStackArgs
from .diagnostics import Message
from .names import StackNames
from .transitions import Transitions


class StackContext:
    """Arguments, names and options with which every part creates its resources as children of the `TapStack`."""

    def __init__(self, parent: pulumi.Resource, args: TapStackArgs, transitions: Transitions) -> None:
        self.parent, self.args, self.transitions = parent, args, transitions
        self.service = args.service_definition()
        self.settings = args.settings()
        self.tags = args.all_tags
        self.names = StackNames(self.service, args.environment)
        self.provider_info = ProviderInfo(parent)
        """Account, region and partition of the provider, which every component of the stack shares."""
        self.invoke_opts = pulumi.InvokeOptions(parent=parent)
        """Invoke options of data sources."""

    @property
    def has_backup(self) -> bool:
        """Whether the stack backs up its tables. A stack without tables has no backup."""
        return bool(self.settings.backup.retention_days and self.service.created_tables())

    @property
    def opts(self) -> pulumi.ResourceOptions:
        """Resource options of a child."""
        return pulumi.ResourceOptions(parent=self.parent)

    def child(self, suffix: str) -> str:
        """Return the logical name of a child."""
        return f"{self.transitions.prefix}-{suffix}"

    def log(self, message: Message) -> None:
        """Log a message about the stack."""
        log = {"info": pulumi.log.info, "warning": pulumi.log.warn}[message.severity]
        log(message.text, resource=self.parent)

    def warn(self, message: str) -> None:
        """Log a warning about the stack."""
        self.log(Message("warning", message))

    def claim_names(self) -> None:
        """Raise `RunError` if another stack of this program has a physical name of this one."""
        collisions.claim(self.parent, self.transitions.prefix, self.names.unique())

    def look_up_existing(self) -> None:
        """Find existing resources under the names of the stack. Raise `RunError` if they must not be adopted."""
        self.transitions.look_up(self._names_to_look_up(), self.invoke_opts)

    def replica_import_ids(self, token: str, owner: str = "") -> dict[str, str]:
        """Return the import IDs of existing replicas, by region."""
        ids = {
            region: self.transitions.adopted.import_id(token, f"{owner}{region}")
            for region in self.settings.table.replica_regions or ()
        }
        return {region: id_ for region, id_ in ids.items() if id_}

    def _names_to_look_up(self) -> existing_resources.Names:
        settings, names = self.settings, self.names
        creates_user_pool = settings.authorization.type == USER_POOL and settings.authorization.user_pool == "create"
        return existing_resources.Names(
            tables=[] if settings.table.existing else [*names.tables().values()],
            functions=names.functions(),
            vault_naming=names.vault if self.has_backup else None,
            replica_regions=settings.table.replica_regions or (),
            user_pool=names.user_pool() if creates_user_pool else "",
            secrets=[(secret.store, names.secret(secret)) for secret in self.service.secrets],
            creates_key=settings.encryption.key == "create" and not self.transitions.has_own_key(),
        )
