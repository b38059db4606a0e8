"""Receivers for webhooks of Stripe, GitHub and Twilio, which become events on an event bus."""

from .service import SERVICE

__all__ = ["SERVICE"]
