"""What oversight decides: when an unmet duty needs a person (values in, values out)."""
