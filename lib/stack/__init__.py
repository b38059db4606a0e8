"""The parts from which `TapStack` composes a stack; each creates the resources of one concern."""
