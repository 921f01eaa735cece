"""The crash test, run by make chaos: workers, databases and a provider that fail in the midst of bursts, and what came of it."""
