"""Settings of a deployment: one class for each group.

Environment profiles, the settings of a service and the arguments of a `TapStack` are all `Settings`. They override each
other in this order; a field that is None is unset and overrides nothing. A component applies the default of AWS to a
field that is None.
"""

from .api import ApiSettings, check_domain
from .authorization import USER_POOL, AuthorizationSettings
from .backup import BackupSettings
from .base import (
    Definition,
    SettingsGroup,
    between,
    boolean,
    docs_of,
    invalid_value,
    is_output,
    matching,
    merge,
    one_of,
    setting,
    unique_tuple,
    unknown_value,
)
from .cost import CostSettings
from .encryption import EncryptionSettings
from .firewall import FirewallSettings
from .function import FunctionSettings
from .monitoring import AlarmSettings, ObservationSettings
from .network import NetworkSettings
from .rollout import RolloutSettings
from .schedule import check_schedule
from .settings import SETTINGS_GROUPS, Settings
from .site import SiteSettings
from .table import TableSettings
from .tags import check_tags, merge_tags

__all__ = [
    "SETTINGS_GROUPS",
    "USER_POOL",
    "AlarmSettings",
    "ApiSettings",
    "AuthorizationSettings",
    "BackupSettings",
    "CostSettings",
    "Definition",
    "EncryptionSettings",
    "FirewallSettings",
    "FunctionSettings",
    "NetworkSettings",
    "ObservationSettings",
    "RolloutSettings",
    "Settings",
    "SettingsGroup",
    "SiteSettings",
    "TableSettings",
    "between",
    "boolean",
    "check_domain",
    "check_schedule",
    "check_tags",
    "docs_of",
    "invalid_value",
    "is_output",
    "matching",
    "merge",
    "merge_tags",
    "one_of",
    "setting",
    "unique_tuple",
    "unknown_value",
]
