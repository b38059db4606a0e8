"""The stock service: what its operations ask of AWS, what they take beside peers, cost, and how far they go."""

from ..races import conflicts, load, sweeps
from . import handlers, trips, units

REPORTS = (trips.report, handlers.report, units.report, conflicts.report, load.report, sweeps.report)
