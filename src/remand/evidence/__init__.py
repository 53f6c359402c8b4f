"""Does it come true: forecasts and their record, past reforms replayed, claims checked."""
