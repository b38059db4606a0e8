"""What brings rows back, and a service up in another region: `make restore` and `make failover`."""


class RecoveryError(Exception):
    """It was not done, or not to the end; the message says what to do."""
