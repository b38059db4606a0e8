"""The stock service: what its operations ask of AWS, what they take beside peers, what they cost, and how far they go."""

from . import trips, units

REPORTS = (trips.report, units.report)
