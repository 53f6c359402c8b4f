"""What a run means: pure functions of censuses and flows."""
