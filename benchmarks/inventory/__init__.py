"""The inventory service: what its operations ask of AWS, what they take beside peers, and what they cost."""

from ..races import growth
from . import handlers, trips, units

REPORTS = (trips.report, handlers.report, units.report, growth.report)
