"""The contract of a work file: the page people read is the one the program keeps."""

from pathlib import Path

import duckdb

from remand.records import contracts

PAGE = Path(__file__).parents[2] / "docs" / "work-file.md"


def test_the_page_of_the_work_file_says_what_the_program_does():
    """`python -m remand.records.contracts` writes it anew."""
    assert PAGE.read_text(encoding="utf-8") == contracts.page()


def test_every_table_and_the_view_have_the_columns_of_their_contract():
    """As DuckDB sees them."""
    con = duckdb.connect()
    for table in contracts.TABLES:
        con.execute(contracts.definition(table))
    con.execute(contracts.SPELLS_VIEW)
    for name, columns in {**contracts.TABLES, "spells": contracts.SPELLS}.items():
        found = con.execute(f'DESCRIBE "{name}"').fetchall()
        assert [(row[0], row[1]) for row in found] == [(c.name, c.type) for c in columns], name
