"""What is said to victims: texts a writer can edit, checked when the service starts, and how they are filled in."""
