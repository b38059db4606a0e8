"""The stock service: what its operations ask of AWS, what they take beside peers, cost, and how far they go."""

from . import conflicts, handlers, load, sweeps, trips, units

REPORTS = (trips.report, handlers.report, units.report, conflicts.report, load.report, sweeps.report)
