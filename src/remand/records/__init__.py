"""What happened: a jail's own bookings and counts, taken in with nothing lost in silence."""
