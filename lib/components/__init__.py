"""The components of a `TapStack`. Each is a ComponentResource that can also be used without a stack."""
