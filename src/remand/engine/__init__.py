"""How a model runs: compiled to arrays, then solved."""
