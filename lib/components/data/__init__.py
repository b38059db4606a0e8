"""Tables, backups, keys, parameters and secrets."""
