"""Scenarios set side by side, and what a run hands back."""
