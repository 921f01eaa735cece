"""What was done: the contact log, the closing of duties, tasks, and the audit chain. Any room may write here."""
