"""A deployment's resources against the controls that Security Hub, Checkov and the Well-Architected Framework name."""
