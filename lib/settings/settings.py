"""All settings of a deployment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, get_type_hints

from .api import ApiSettings, check_domain
from .authorization import AuthorizationSettings, check_authorization
from .backup import BackupSettings
from .base import Definition, SettingsGroup, merge
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
class Settings(Definition):
    """All settings of a deployment."""

    function: FunctionSettings = field(default_factory=FunctionSettings)
    """Runtime, memory, timeout, concurrency, tracing, log retention."""
    table: TableSettings = field(default_factory=TableSettings)
    """Billing, capacity, recovery, protection, replicas."""
    api: ApiSettings = field(default_factory=ApiSettings)
    """Stage, CORS origin, throttle, quota, logs, domain."""
    authorization: AuthorizationSettings = field(default_factory=AuthorizationSettings)
    """Authorization of callers: API keys, AWS signatures, or user pools."""
    firewall: FirewallSettings = field(default_factory=FirewallSettings)
    """AWS WAF web ACL of the API stage."""
    alarms: AlarmSettings = field(default_factory=AlarmSettings)
    """Alarm thresholds and the email address for notifications."""
    observation: ObservationSettings = field(default_factory=ObservationSettings)
    """CloudWatch dashboard."""
    network: NetworkSettings = field(default_factory=NetworkSettings)
    """VPC of the functions."""
    encryption: EncryptionSettings = field(default_factory=EncryptionSettings)
    """KMS key of data at rest."""
    backup: BackupSettings = field(default_factory=BackupSettings)
    """AWS Backup plan of the tables."""
    rollout: RolloutSettings = field(default_factory=RolloutSettings)
    """Deployment strategy of new function versions."""
    cost: CostSettings = field(default_factory=CostSettings)
    """Cost allocation tags and budget."""
    site: SiteSettings = field(default_factory=SiteSettings)
    """Hosting of the static site."""

    @classmethod
    def _types(cls) -> Mapping[str, Any]:
        return SETTINGS_GROUPS

    def merged_with(self, overrides: Settings) -> Settings:
        """Return these settings, overridden by the fields that are set in `overrides`."""
        return Settings(**{f.name: merge(getattr(self, f.name), getattr(overrides, f.name)) for f in fields(Settings)})

    def check(self) -> None:
        """Raise `ValueError` for settings that contradict each other. They must be completely merged."""
        check_domain(self.api)
        check_authorization(self.authorization)
        check_network(self.network)
        check_key(self.encryption, self.table)


SETTINGS_GROUPS: Mapping[str, type[SettingsGroup]] = get_type_hints(Settings)
"""Class of each settings group by its field name in `Settings`."""
