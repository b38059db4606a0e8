"""The component resources of a `TapStack`. Each can also be used without a `TapStack`."""
