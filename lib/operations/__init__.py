"""What brings rows back, and a service up in another region: `tap restore` and `tap failover`."""


class RecoveryError(Exception):
    """It was not done, or not to the end; the message says what to do."""
