"""The page: requests become states, states become runs, runs become views. Loopback only."""
