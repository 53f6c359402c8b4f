"""How it is shown: what a run says in words, charts, the report in one file and its proof."""
