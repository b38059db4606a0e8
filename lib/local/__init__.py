"""The local run: the same program, deployed into an AWS emulator on this machine.

The engine and the provisioners know resource types, and nothing of services.
"""
