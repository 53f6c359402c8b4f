"""Populations ahead: two designs, the bands, and the record a forecast carries."""
