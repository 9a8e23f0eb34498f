"""Definitions outlive columns: they are made for a dataset, then one of its days lacks the
last columns, as if it were of an older program, and another has one more, as if it were
of a newer one.
"""

import os
import pathlib
import shutil

import pyarrow
import pyarrow.parquet as parquet

import expected

OLDER = ("assignee", "note")


def wrong(program, engine, month):
    """What an engine with definitions gets wrong of such a dataset."""
    source = pathlib.Path(os.environ["ENGINES_WORK"]) / "appended" / engine.ddl
    source.mkdir(parents=True)
    for folder in expected.day_folders(month)[-3:]:
        shutil.copytree(folder, source / folder.name)
    older, _, newer = (sorted((f / "breaks").glob("*.parquet"))[0] for f in expected.day_folders(source))

    def change():
        table = parquet.read_table(older)
        parquet.write_table(table.drop_columns(OLDER), older)
        table = parquet.read_table(newer)
        parquet.write_table(table.append_column("later", pyarrow.array(["?"] * table.num_rows)), newer)

    files = sorted(source.glob("dt=*/breaks/*.parquet"))
    rows = sum(parquet.read_metadata(f).num_rows for f in files)
    if engine.ddl == "clickhouse":  # its definitions read the files
        change()
        engine.open(program, source, None)
    else:
        engine.open(program, source, None)
        change()
    noted = sum(t.num_rows - t.column("note").null_count for t in map(parquet.read_table, map(str, files)) if "note" in t.column_names)
    wanted = (rows, 3, rows - noted)
    days = engine.query("select count(*), count(distinct dt), sum(case when note is null then 1 else 0 end) from breaks")[0]
    if tuple(map(int, days)) != wanted:
        yield f"with a column more and some fewer: {days} instead of {wanted} rows, days and rows without a note"
    once = engine.query("select count(*) - count(distinct break_id) from breaks_latest")[0][0]
    if once != 0:
        yield f"breaks_latest has {once} breaks twice"
