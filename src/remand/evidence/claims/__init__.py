"""What was said, what was counted, and a verdict."""
