"""The event file: one format for import, replay and acceptance tests, one JSON object a line."""
