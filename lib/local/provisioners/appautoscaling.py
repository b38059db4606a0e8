"""Scaling, which the emulator has not."""

from .base import NOT_EMULATED

NOT_EMULATED |= dict.fromkeys(
    ("aws:appautoscaling/target:Target", "aws:appautoscaling/policy:Policy"),
    "the emulator has no Application Auto Scaling",
)
