"""What a month costs: the graph of a deployment's resources, priced for a given traffic."""
