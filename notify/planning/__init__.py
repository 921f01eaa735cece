"""From a milestone and a plan to duties with due times."""
