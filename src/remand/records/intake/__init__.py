"""How a file becomes rows of a work file, in the order it happens.

First its bytes are looked at (`looking`) and its header is found (`headers`); then it is read as a
table of texts (`reading`; `regular` makes irregular text fit). Its `columns` are told by a
`mapping`: by `names` and `measures`, by `guessing`, by the `forms` of their `dates`, and by what
was `asked` of it, or of a file before it. Rows are staged (`staging`; `snapshots` are collapsed,
`counts` laid out, values grouped as `leveled` tells) and merged (`merging`, or `again` for a file
known under another mapping) into a copy of the `workfile`, whose `facts` are then made anew.
"""
