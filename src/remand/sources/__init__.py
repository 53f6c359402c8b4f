"""Public data: one small reader each, all giving the records' contract, with their cards.

>>> [source.name for source in SOURCES if source.table == "stays"]
['nyc-snapshot', 'nyc-spells']
"""

from remand.sources.reading import SOURCES, find, into, read
from remand.sources.source import File, Flag, Source, Taken

__all__ = ["SOURCES", "File", "Flag", "Source", "Taken", "find", "into", "read"]
