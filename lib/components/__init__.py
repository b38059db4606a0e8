"""The parts of a `TapStack`, each a ComponentResource that can be used by itself."""
