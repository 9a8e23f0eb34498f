"""What the program's own reader says of the tables, which engines are held against.

Types and nullability come from `reconcile ddl --json`, the rows from `reconcile show
TABLE --json`: nothing of a table is written down here.
"""

import datetime
import decimal
import json
import pathlib
import subprocess

import pyarrow

SHANGHAI = datetime.timezone(datetime.timedelta(hours=8))
DAY = "dt"


class Program:
    def __init__(self, path):
        self.path = path

    def json(self, *args):
        return json.loads(self.text(*args, "--json"))

    def text(self, *args):
        return subprocess.run([self.path, *args, "--lang", "en"], check=True, capture_output=True, text=True).stdout

    def schema(self, source):
        """The source's tables by name; in each its columns, with the day where there are days."""
        return {table["name"]: table for table in self.json("ddl", "--out", str(source))["tables"]}

    def statements(self, engine, source, *more):
        """The DDL, statement by statement."""
        return [s for s in split(self.text("ddl", "--engine", engine, "--out", str(source), *more)) if s]


def split(sql):
    """Cuts SQL at the semicolons that end a line, where no text or comment of a column has one."""
    statement = ""
    for line in sql.splitlines(keepends=True):
        if statement == "" and (line.startswith("--") or line.strip() == ""):
            continue
        statement += line
        if line.endswith(";\n"):
            yield statement[:-2]
            statement = ""
    if statement:
        raise ValueError("no semicolon after " + statement)


VALUES = {
    "money": decimal.Decimal,
    "rate": decimal.Decimal,
    "day": datetime.date.fromisoformat,
    "instant": lambda text: datetime.datetime.fromisoformat(text).replace(tzinfo=SHANGHAI).astimezone(datetime.timezone.utc),
}


def arrow_type(name):
    if name.startswith("decimal128"):
        precision, scale = name[len("decimal128("):-1].split(", ")
        return pyarrow.decimal128(int(precision), int(scale))
    return {"string": pyarrow.string(), "int64": pyarrow.int64(), "bool": pyarrow.bool_(), "date32[day]": pyarrow.date32(),
            "timestamp[us, tz=UTC]": pyarrow.timestamp("us", tz="UTC")}[name]


def day_folders(source):
    return sorted(pathlib.Path(source).glob("dt=*"))


def read(program, source, table):
    """The rows of a table as the program reads them, of a result or of all days."""
    columns = {c["name"]: [] for c in table["columns"]}
    for folder in day_folders(source) or [pathlib.Path(source)]:
        rows = program.json("show", table["name"], "--out", str(folder))
        for c in table["columns"]:
            if c["name"] == DAY:
                columns[DAY] += [datetime.date.fromisoformat(folder.name[len("dt="):])] * len(rows)
                continue
            value = VALUES.get(c["type"], lambda v: v)
            columns[c["name"]] += [None if row[c["name"]] is None else value(row[c["name"]]) for row in rows]
    schema = pyarrow.schema([pyarrow.field(c["name"], arrow_type(c["arrow"]), c["nullable"] or c["name"] == DAY) for c in table["columns"]])
    return pyarrow.table(columns, schema=schema)


def is_number(column):
    return column["type"] in ("money", "rate", "count")


def figures(table, rows):
    """Per column how many values are there, their sum or least and greatest."""
    found = {"rows": rows.num_rows}
    for c in table["columns"]:
        values = [v for v in rows.column(c["name"]).to_pylist() if v is not None]
        found[c["name"]] = figure(c, len(values), sum(values, 0) if is_number(c) else None, min(values, default=None), max(values, default=None))
    return found


def figure(column, count, total, least, greatest):
    """One column's figures as they are compared; engines give the sum of nothing as null."""
    if is_number(column):
        return count, decimal.Decimal(total or 0), plain(least), plain(greatest)
    return count, plain(least), plain(greatest)


def plain(value):
    if isinstance(value, datetime.datetime):
        return value.astimezone(datetime.timezone.utc) if value.tzinfo else value.replace(tzinfo=datetime.timezone.utc)
    if isinstance(value, (bool, type(None), str, datetime.date)):
        return value
    return decimal.Decimal(value)
