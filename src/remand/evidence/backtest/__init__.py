"""Forecasts from rolling origins, scored beside what they must beat."""
