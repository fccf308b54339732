"""Files as people have them: from bytes to sequences, and what had to be assumed on the way.

`read_table` finds out how a file is written and what its columns are; `Table.observations` makes
sequences of them. Nothing is read wrongly without a word: what could be read otherwise stands in
`warnings`, and what cannot be read is a `TableError`, one sentence.
"""

from hmmcore.tables.beside import beside
from hmmcore.tables.decoding import MAX_FILE_BYTES, TableError, too_large
from hmmcore.tables.following import following_times
from hmmcore.tables.guessing import BLANK_LINES, Guess
from hmmcore.tables.splitting import NO_SEPARATOR, SEPARATORS
from hmmcore.tables.table import MAX_SEQUENCES, Table, TableData, read_table

__all__ = [
    "BLANK_LINES",
    "MAX_FILE_BYTES",
    "MAX_SEQUENCES",
    "NO_SEPARATOR",
    "SEPARATORS",
    "Guess",
    "Table",
    "TableData",
    "TableError",
    "beside",
    "following_times",
    "read_table",
    "too_large",
]
