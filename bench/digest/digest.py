"""Prints, as JSON, what the tables in each of the given folders say: rows, sums and a
digest per table. Usage: digest.py RESULT_FOLDER…"""

import json
import pathlib
import sys

import duckdb

TABLES = {"lines": "statement_lines", "matches": "matches", "breaks": "breaks", "charges": "charges", "summary": "summary"}


def digest(folder):
    db = duckdb.connect()
    db.execute("set TimeZone = 'UTC'")
    for view, table in TABLES.items():
        pattern = str(pathlib.Path(folder) / table / "*.parquet").replace("'", "''")
        db.execute(f"create view {view} as from read_parquet('{pattern}')")
    db.execute((pathlib.Path(__file__).parent / "digest.sql").read_text())
    rows = db.execute('select "table", rows, digest::varchar, sums from digests order by 1').fetchall()
    return {table: {"rows": count, "digest": value, "sums": sums} for table, count, value, sums in rows}


print(json.dumps({folder: digest(folder) for folder in sys.argv[1:]}, indent=1))
