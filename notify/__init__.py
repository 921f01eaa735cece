"""The verbs: what is done with cases, plans, duties and messages."""
