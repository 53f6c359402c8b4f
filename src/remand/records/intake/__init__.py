"""How a file becomes rows of a work file, in the order it happens.

First its bytes are looked at (`looking`), then it is read as a table of texts (`reading`; `regular`
makes irregular text fit). Its `columns` are told by a `mapping`: by `names` and `measures`, by
`guessing`, and by the `forms` of their `dates`. Rows are staged (`staging`; `snapshots` are
collapsed, `counts` laid out) and merged (`merging`) into a copy of the work file (`workfile`).
"""
