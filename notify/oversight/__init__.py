"""What needs a person: alerts, worklists and how contact stands."""
