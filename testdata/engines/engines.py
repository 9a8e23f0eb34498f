"""The engines, each behind the same few questions.

An engine opens a source, which is a result or a dataset of days, and then tells of a
table: what it takes its columns for, the figures that it works out itself (rows, values,
sums, least and greatest), and all values. Those that have DDL open the source by it.
"""

import decimal
import json
import os
import pathlib

import duckdb
import pandas
import polars
import pyarrow
import pyarrow.compute as compute
import pyarrow.dataset
import pyarrow.parquet

from expected import DAY, arrow_type, day_folders, figure, is_number


def pattern(source, table):
    days = "dt=*/" if day_folders(source) else ""
    return f"{source}/{days}{table['name']}/*.parquet"


def figures_query(table, relation, quote):
    """One query for all figures. Least and greatest of flags are those of integers; counts
    are added up as decimals, since keys that are hashes exceed what integers hold."""
    parts = ["count(*)"]
    for c in table["columns"]:
        name = quote + c["name"] + quote
        value = f"cast({name} as int)" if c["type"] == "flag" else name
        wide = f"cast({name} as decimal(38, 0))" if c["type"] == "count" else name
        parts += [f"count({name})", f"sum({wide})" if is_number(c) else "null", f"min({value})", f"max({value})"]
    return f"select {', '.join(p + ' as f' + str(i) for i, p in enumerate(parts))} from {relation}"


def figures_of(table, row):
    found = {"rows": row[0]}
    for i, c in enumerate(table["columns"]):
        count, total, least, greatest = row[1 + 4 * i:5 + 4 * i]
        if c["type"] == "flag":
            least, greatest = (None if v is None else bool(v) for v in (least, greatest))
        found[c["name"]] = figure(c, count, total, least, greatest)
    return found


class DuckDB:
    name, ddl = "DuckDB", "duckdb"
    version = duckdb.__version__

    def open(self, program, source, schema):
        self.connection = duckdb.connect()
        self.connection.execute("set timezone = 'UTC'")
        self.source = source
        for statement in program.statements("duckdb", source):
            self.connection.execute(statement)

    def types(self, table):
        """Of the files themselves, and of the view: they must be the same."""
        files = f"read_parquet('{pattern(self.source, table)}', hive_partitioning = {str(bool(day_folders(self.source))).lower()})"
        described = [{row[0]: row[1] for row in self.connection.execute(f"describe select * from {r}").fetchall()} for r in (files, f'"{table["name"]}"')]
        if described[0] != described[1]:
            raise ValueError(f"the view's types {described[1]} are not those of the files {described[0]}")
        return described[1]

    def expected_type(self, column):
        return column["duckdb"]

    def figures(self, table):
        return figures_of(table, self.connection.execute(figures_query(table, f'"{table["name"]}"', '"')).fetchall()[0])

    def values(self, table):
        return self.connection.sql(f'select * from "{table["name"]}"').to_arrow_table()

    def query(self, sql):
        return self.connection.execute(sql).fetchall()


class Polars:
    name, ddl = "Polars", None
    version = polars.__version__

    def open(self, program, source, schema):
        self.frames = {t["name"]: polars.scan_parquet(pattern(source, t), hive_partitioning=bool(day_folders(source)), try_parse_hive_dates=True) for t in schema.values()}
        self.context = polars.SQLContext(self.frames)
        latest_sql = latest(program, source)
        if latest_sql:
            self.context.register("breaks_latest", self.context.execute(latest_sql))

    def types(self, table):
        return {name: str(kind) for name, kind in self.frames[table["name"]].collect_schema().items()}

    def expected_type(self, column):
        return str(polars.from_arrow(pyarrow.array([], arrow_type(column["arrow"]))).dtype)

    def figures(self, table):
        columns = table["columns"]
        parts = [polars.len().alias("rows")]
        for c in columns:
            of = polars.col(c["name"])
            parts += [of.count().alias(c["name"] + " count"), of.min().alias(c["name"] + " min"), of.max().alias(c["name"] + " max")]
            if is_number(c):
                wide = of.cast(polars.Decimal(38, 0)) if c["type"] == "count" else of
                parts.append(wide.sum().alias(c["name"] + " sum"))
        row = self.frames[table["name"]].select(parts).collect().row(0, named=True)
        return {"rows": row["rows"]} | {c["name"]: figure(c, row[c["name"] + " count"], row.get(c["name"] + " sum"), row[c["name"] + " min"], row[c["name"] + " max"]) for c in columns}

    def values(self, table):
        return self.frames[table["name"]].collect().to_arrow()

    def query(self, sql):
        return self.context.execute(sql, eager=True).rows()


class Pandas:
    """pyarrow decodes, pandas keeps its types."""
    name, ddl = "pandas/pyarrow", None
    version = pandas.__version__ + "/" + pyarrow.__version__

    def open(self, program, source, schema):
        self.tables = {}
        for t in schema.values():
            if day_folders(source):
                files = sorted(pathlib.Path(source).glob(f"dt=*/{t['name']}/*.parquet"))
                hive = pyarrow.dataset.partitioning(pyarrow.schema([(DAY, pyarrow.date32())]), flavor="hive")
                arrow = pyarrow.dataset.dataset([str(f) for f in files], format="parquet", partitioning=hive, partition_base_dir=str(source)).to_table()
            else:
                arrow = pyarrow.parquet.read_table(pathlib.Path(source) / t["name"])
            self.tables[t["name"]] = arrow

    def types(self, table):
        arrow = self.tables[table["name"]]
        frame = arrow.to_pandas(types_mapper=pandas.ArrowDtype)
        nullable = {c["name"]: c["nullable"] for c in table["columns"]}
        for field in arrow.schema:
            if field.name != DAY and field.nullable != nullable[field.name]:
                raise ValueError(f"{field.name}: the file says nullable is {field.nullable}")
        return {name: str(kind.pyarrow_dtype) for name, kind in frame.dtypes.items()}

    def expected_type(self, column):
        return column["arrow"]

    def figures(self, table):
        arrow = self.tables[table["name"]]
        frame = arrow.to_pandas(types_mapper=pandas.ArrowDtype)
        found = {"rows": len(frame)}
        for c in table["columns"]:
            of, column = frame[c["name"]], arrow.column(c["name"])
            ends = compute.min_max(column).as_py()
            total = None
            if is_number(c):
                if c["type"] == "count":
                    column = compute.cast(column, pyarrow.decimal128(38, 0))
                    of = of.astype(pandas.ArrowDtype(pyarrow.decimal128(38, 0)))
                total = compute.sum(column).as_py()
                by_pandas = of.sum()
                if decimal.Decimal(total or 0) != decimal.Decimal(by_pandas or 0):
                    raise ValueError(f"{c['name']}: pandas sums {by_pandas}, pyarrow {total}")
            found[c["name"]] = figure(c, int(of.count()), total, ends["min"], ends["max"])
        return found

    def values(self, table):
        return pyarrow.Table.from_pandas(self.tables[table["name"]].to_pandas(types_mapper=pandas.ArrowDtype), preserve_index=False)


class PySpark:
    name, ddl = "PySpark", "spark"
    session = None

    def __init__(self):
        import pyspark
        self.version = pyspark.__version__

    def open(self, program, source, schema):
        if PySpark.session is None:
            from pyspark.sql import SparkSession
            builder = SparkSession.builder.master("local[1]").appName("reconcile")
            for key, value in {"spark.ui.enabled": "false", "spark.ui.showConsoleProgress": "false", "spark.sql.session.timeZone": "UTC", "spark.driver.bindAddress": "127.0.0.1",
                               "spark.driver.host": "127.0.0.1", "spark.sql.shuffle.partitions": "1", "spark.sql.files.openCostInBytes": "65536",
                               "spark.sql.execution.arrow.pyspark.enabled": "true", "spark.driver.memory": "2g",
                               "spark.sql.warehouse.dir": os.environ["ENGINES_WORK"] + "/spark"}.items():
                builder = builder.config(key, value)
            PySpark.session = builder.getOrCreate()
            PySpark.session.sparkContext.setLogLevel("ERROR")
        for statement in program.statements("spark", source):
            self.session.sql(statement)

    def types(self, table):
        return {row["col_name"]: row["data_type"] for row in self.session.sql(f"describe `{table['name']}`").collect()
                if row["data_type"] and not row["col_name"].startswith("#")}

    def expected_type(self, column):
        return column["spark"].lower()

    def figures(self, table):
        return figures_of(table, tuple(self.session.sql(figures_query(table, f"`{table['name']}`", "`")).collect()[0]))

    def values(self, table):
        return self.session.sql(f"select * from `{table['name']}`").toArrow()

    def query(self, sql):
        return [tuple(row) for row in self.session.sql(sql).collect()]


class DataFusion:
    """arrow-rs: DataFusion reads Parquet with it."""
    name, ddl = "DataFusion (arrow-rs)", None

    def __init__(self):
        import datafusion
        self.version = datafusion.__version__

    def open(self, program, source, schema):
        import datafusion
        self.context = datafusion.SessionContext(datafusion.SessionConfig().with_target_partitions(1).set("datafusion.execution.time_zone", "UTC"))
        for t in schema.values():
            if day_folders(source):  # DataFusion knows dt= below a table's folder, and no * before it
                folder = self.links(source, t["name"])
                self.context.register_parquet(t["name"], folder, table_partition_cols=[(DAY, pyarrow.date32())])
            else:
                self.context.register_parquet(t["name"], f"{source}/{t['name']}/")
        latest_sql = latest(program, source)
        if latest_sql:
            self.context.sql(f"create view breaks_latest as {latest_sql}")

    def links(self, source, table):
        """A folder TABLE/dt=DAY of links to the days' folders of the table."""
        folder = pathlib.Path(os.environ["ENGINES_WORK"]) / "links" / table
        folder.mkdir(parents=True, exist_ok=True)
        for day in day_folders(source):
            if not (folder / day.name).exists():
                (folder / day.name).symlink_to((day / table).absolute(), target_is_directory=True)
        return f"{folder}/"

    def types(self, table):
        types = {}
        nullable = {c["name"]: c["nullable"] for c in table["columns"]}
        for field in self.context.sql(f'select * from "{table["name"]}"').schema():
            types[field.name] = "string" if field.type == pyarrow.string_view() else str(field.type)
            if field.name != DAY and field.nullable != nullable[field.name]:
                raise ValueError(f"{field.name}: arrow-rs says nullable is {field.nullable}")
        return types

    def expected_type(self, column):
        return column["arrow"]

    def figures(self, table):
        answer = self.context.sql(figures_query(table, f'"{table["name"]}"', '"')).to_arrow_table().to_pylist()[0]
        return figures_of(table, tuple(answer.values()))

    def values(self, table):
        return self.context.sql(f'select * from "{table["name"]}"').to_arrow_table()

    def query(self, sql):
        arrow = self.context.sql(sql).to_arrow_table()
        return list(zip(*(column.to_pylist() for column in arrow.columns))) if arrow.num_rows else []


class ClickHouse:
    name, ddl = "ClickHouse (chdb)", "clickhouse"

    def __init__(self):
        import chdb.session
        self.session = chdb.session.Session()
        self.version = self.session.query("select version()", "TSVRaw").data().strip()

    def open(self, program, source, schema):
        self.session.query("drop database if exists reconcile")
        self.session.query("create database reconcile")
        self.session.query("use reconcile")
        self.session.query("set session_timezone = 'UTC'")
        for statement in program.statements("clickhouse", source):
            self.session.query(statement)

    def types(self, table):
        described = json.loads(self.session.query(f"describe table `{table['name']}`", "JSON").data())
        return {row["name"]: row["type"] for row in described["data"]}

    def expected_type(self, column):
        return column["clickhouse"]

    def arrow(self, sql):
        data = self.session.query(sql + " settings output_format_arrow_string_as_string = 1, output_format_arrow_date_as_uint16 = 0", "Arrow").bytes()
        return pyarrow.ipc.open_file(data).read_all()

    def figures(self, table):
        """Its own functions, since min of no row is not null there but the type's zero."""
        query = figures_query(table, f"`{table['name']}`", "`").replace("min(", "minOrNull(").replace("max(", "maxOrNull(").replace("sum(", "sumOrNull(")
        query = query.replace("as decimal(38, 0)", "as Nullable(Decimal(38, 0))").replace("as int)", "as Nullable(Int8))")
        return figures_of(table, tuple(self.arrow(query).to_pylist()[0].values()))

    def values(self, table):
        return self.arrow(f"select * from `{table['name']}`")

    def query(self, sql):
        arrow = self.arrow(sql)
        return list(zip(*(column.to_pylist() for column in arrow.columns))) if arrow.num_rows else []


def latest(program, source):
    """The view breaks_latest as DuckDB is told of it, for engines without DDL."""
    for statement in program.statements("duckdb", source):
        if "breaks_latest" in statement:
            return statement.split(" AS\n", 1)[1]
    return None


ALL = (DuckDB, Polars, Pandas, PySpark, DataFusion, ClickHouse)
