"""Operations on deployed stacks: deployments with the Pulumi CLI, rollouts, restores and failovers."""


class OperationError(Exception):
    """Failure of an operation. The message contains the remedy."""
