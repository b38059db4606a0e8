"""Operations of deployed stacks: the Pulumi CLI, rollouts, restores and failovers."""


class RecoveryError(Exception):
    """It was not done, or not to the end; the message says what to do."""
