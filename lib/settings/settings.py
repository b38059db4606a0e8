"""Every figure of a deployment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import get_type_hints

from .api import ApiSettings, check_domain
from .authorization import AuthorizationSettings, check_authorization
from .backup import BackupSettings
from .base import SettingsGroup, merge
from .cost import CostSettings
from .encryption import EncryptionSettings, check_key
from .firewall import FirewallSettings
from .function import FunctionSettings
from .monitoring import AlarmSettings, ObservationSettings
from .network import NetworkSettings, check_network
from .rollout import RolloutSettings
from .site import SiteSettings
from .table import TableSettings


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Every figure of a deployment."""

    function: FunctionSettings = field(default_factory=FunctionSettings)
    """Runtime, memory, timeout, concurrency, tracing, log retention."""
    table: TableSettings = field(default_factory=TableSettings)
    """Billing, capacity, recovery, protection, replicas."""
    api: ApiSettings = field(default_factory=ApiSettings)
    """Stage, CORS origin, throttle, quota, logs, domain."""
    authorization: AuthorizationSettings = field(default_factory=AuthorizationSettings)
    """Keys, signatures, or users and their scopes."""
    firewall: FirewallSettings = field(default_factory=FirewallSettings)
    """A web ACL before the API."""
    alarms: AlarmSettings = field(default_factory=AlarmSettings)
    """Thresholds, and who is written to."""
    observation: ObservationSettings = field(default_factory=ObservationSettings)
    """A dashboard."""
    network: NetworkSettings = field(default_factory=NetworkSettings)
    """A VPC for the functions."""
    encryption: EncryptionSettings = field(default_factory=EncryptionSettings)
    """A customer managed key."""
    backup: BackupSettings = field(default_factory=BackupSettings)
    """Backups of the tables."""
    rollout: RolloutSettings = field(default_factory=RolloutSettings)
    """How new code reaches callers."""
    cost: CostSettings = field(default_factory=CostSettings)
    """Tags and a budget."""
    site: SiteSettings = field(default_factory=SiteSettings)
    """How the pages of a service that has any are served."""

    def with_(self, upper: Settings) -> Settings:
        """This layer with whatever `upper` says."""
        return Settings(**{f.name: merge(getattr(self, f.name), getattr(upper, f.name)) for f in fields(Settings)})

    def check(self) -> None:
        """Raise ValueError for figures that cannot be together once nothing more is said."""
        check_domain(self.api)
        check_authorization(self.authorization)
        check_network(self.network)
        check_key(self.encryption, self.table)


LAYERS: Mapping[str, type[SettingsGroup]] = get_type_hints(Settings)
"""Each kind of figure by its name."""
