"""The ways out of the service: one adapter for each provider, all behind the same small interface."""
