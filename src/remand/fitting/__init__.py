"""Records and models: what one says of the other."""
