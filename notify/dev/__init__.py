"""What stands in for the outside world on a developer's machine; the service itself never imports it."""
