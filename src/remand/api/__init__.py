"""The verbs of the library: what the command line calls too."""
