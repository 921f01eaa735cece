"""What planning decides: working days, due times and the Code (values in, values out)."""
