"""The decisions of delivery: values in, values out; no clock, no database, no network."""
