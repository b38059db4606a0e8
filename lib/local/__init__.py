"""The embedded run: the same program, deployed into an AWS emulator on this machine.

It knows resource types, and nothing of services.
"""
