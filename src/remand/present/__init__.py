"""How it is shown: frames in, charts out."""
