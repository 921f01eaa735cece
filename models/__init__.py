"""Nouns: everything the database knows, and the keys that seal it."""
