"""Opens a result in DuckDB, Polars and pyarrow and compares what they see.

The three share no code with the program and little with each other: the same
types, row counts, null counts, sums and texts in all of them mean that the files say
what run.json says. Usage: check.py RESULT_FOLDER
"""

import json
import pathlib
import sys

import duckdb
import polars
import pyarrow.compute as compute
import pyarrow.parquet as parquet

# What each engine calls a column type of the tables.
TYPES = {
    "decimal128(18, 2)": ("DECIMAL(18,2)", "Decimal(precision=18, scale=2)"),
    "decimal128(9, 6)": ("DECIMAL(9,6)", "Decimal(precision=9, scale=6)"),
    "timestamp[us, tz=UTC]": ("TIMESTAMP WITH TIME ZONE", "Datetime(time_unit='us', time_zone='UTC')"),
    "date32[day]": ("DATE", "Date"),
    "string": ("VARCHAR", "String"),
    "int64": ("BIGINT", "Int64"),
    "bool": ("BOOLEAN", "Boolean"),
}


def check(ok, message):
    if not ok:
        sys.exit("engines disagree: " + message)


def check_table(out, table, show):
    pattern = str(out / table["name"] / "*.parquet")
    arrow = parquet.read_table(out / table["name"])
    frame = polars.read_parquet(pattern)
    relation = f"read_parquet('{pattern}')"
    duck_types = {row[0]: row[1] for row in duckdb.sql(f"describe select * from {relation}").fetchall()}
    check(arrow.num_rows == table["rows"], f"{table['name']}: pyarrow reads {arrow.num_rows} rows, run.json says {table['rows']}")
    check(frame.height == table["rows"], f"{table['name']}: Polars reads {frame.height} rows")
    check(duckdb.sql(f"select count(*) from {relation}").fetchall()[0][0] == table["rows"], f"{table['name']}: DuckDB counts other rows")
    for field in arrow.schema:
        where = f"{table['name']}.{field.name}"
        check(str(field.type) in TYPES, f"{where}: unexpected type {field.type}")
        duck, pol = TYPES[str(field.type)]
        check(duck_types[field.name] == duck, f"{where}: DuckDB sees {duck_types[field.name]} instead of {duck}")
        check(str(frame.schema[field.name]) == pol, f"{where}: Polars sees {frame.schema[field.name]} instead of {pol}")
        nulls = arrow.column(field.name).null_count
        duck_nulls = duckdb.sql(f'select count(*) - count("{field.name}") from {relation}').fetchall()[0][0]
        check(nulls == frame[field.name].null_count() == duck_nulls, f"{where}: null counts differ")
        if str(field.type).startswith("decimal"):
            total = compute.sum(arrow.column(field.name)).as_py()
            duck_total = duckdb.sql(f'select sum("{field.name}") from {relation}').fetchall()[0][0]
            pol_total = frame[field.name].sum() if frame[field.name].null_count() < frame.height else None
            check(total == duck_total, f"{where}: pyarrow sums {total}, DuckDB {duck_total}")
            check(total == pol_total or (total or 0) == (pol_total or 0), f"{where}: pyarrow sums {total}, Polars {pol_total}")
        if str(field.type) == "string":
            texts = arrow.column(field.name).to_pylist()
            duck_texts = [row[0] for row in duckdb.sql(f'select "{field.name}" from {relation}').fetchall()]
            check(texts == duck_texts, f"{where}: pyarrow and DuckDB read different texts")
            check(texts == frame[field.name].to_list(), f"{where}: pyarrow and Polars read different texts")
        show(f"  {field.name:<20} {str(field.type):<22} {duck:<24} {nulls:>6} nulls")
    # Row-group statistics: a filter that prunes by them must find what a scan finds.
    for column in ("order_no", "settled_on", "net_amount"):
        if column in duck_types and table["rows"]:
            value = duckdb.sql(f"select min({column}) from {relation} where {column} is not null").fetchall()[0][0]
            if value is not None:
                pruned = duckdb.execute(f"select count(*) from {relation} where {column} = ?", [value]).fetchall()[0][0]
                scanned = sum(1 for v in arrow.column(column).to_pylist() if v == value)
                check(pruned == scanned, f"{table['name']}.{column}: a filter finds {pruned} rows, a scan {scanned}")


def main():
    out = pathlib.Path(sys.argv[1])
    manifest = json.loads((out / "run.json").read_text())
    for table in manifest["tables"]:
        print(f"{table['name']}: {table['rows']} rows")
        check_table(out, table, print)
    print(f"{len(manifest['tables'])} tables read alike by DuckDB {duckdb.__version__}, Polars {polars.__version__} and pyarrow {__import__('pyarrow').__version__}")


main()
