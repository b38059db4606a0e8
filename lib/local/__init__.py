"""Local deployment of a Pulumi program to an AWS emulator.

The engine and the provisioners depend only on resource types, not on services.
"""
