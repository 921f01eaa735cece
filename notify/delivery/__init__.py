"""From a duty to a message that left safely, and what came back."""
