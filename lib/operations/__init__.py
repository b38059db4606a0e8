"""Operations of deployed stacks: the Pulumi CLI, rollouts, restores and failovers."""


class OperationError(Exception):
    """An operation that failed or did not complete. The message contains the remedy."""
