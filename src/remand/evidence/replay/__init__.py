"""Past reforms, forecast from what was known and held against what happened."""
