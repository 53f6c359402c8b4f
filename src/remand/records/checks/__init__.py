"""The twelve checks of a work file, a function each: what they look for and what they say."""
