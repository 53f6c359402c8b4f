"""What a run, or a jail's records, mean: pure functions of censuses and flows."""
