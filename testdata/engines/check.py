"""Holds what engines read of the tables against what the program reads, and prints a
matrix. Types and nulls, counts, sums, least and greatest values of every column; every
value too, unless --figures is given. Usage: check.py PROGRAM SOURCE [--figures]
"""

import sys

import pyarrow
import pyarrow.compute as compute

import engines
import expected


def compare(engine, table, rows, wanted, with_values):
    """What is wrong with a table in an engine, in words."""
    types = engine.types(table)
    names = [c["name"] for c in table["columns"]]
    if sorted(types) != sorted(names):
        yield f"columns {sorted(types)} instead of {sorted(names)}"
        return
    for c in table["columns"]:
        if types[c["name"]] != engine.expected_type(c) and c["name"] != expected.DAY:
            yield f"{c['name']} is {types[c['name']]} instead of {engine.expected_type(c)}"
    found = engine.figures(table)
    for name, want in wanted.items():
        if found[name] != want:
            yield f"{name}: {found[name]} instead of {want}"
    if with_values:
        values = engine.values(table)
        for name in names:
            if ordered(values.column(name), rows.schema.field(name).type) != ordered(rows.column(name), rows.schema.field(name).type):
                yield f"{name}: other values"


def ordered(column, kind):
    """The values of a column in their order: rows have another one in each engine."""
    if pyarrow.types.is_dictionary(column.type):
        column = compute.cast(column, column.type.value_type)
    column = compute.cast(column, kind).combine_chunks()
    return column.take(compute.sort_indices(column)).to_pylist()


def matrix(heading, tables, counts, cells, names):
    widths = [max(len(heading), *(len(t) for t in tables)), max(len(str(c)) for c in [*counts, "rows"])] + [max(len(n), 5) for n in names]
    def line(*texts):
        print("  ".join(t.rjust(w) if i == 1 else t.ljust(w) for i, (t, w) in enumerate(zip(texts, widths))).rstrip())
    line(heading, "rows", *names)
    for t, c in zip(tables, counts):
        line(t, str(c), *(cells[t, n] for n in names))


def main():
    program, source, with_values = expected.Program(sys.argv[1]), sys.argv[2], "--figures" not in sys.argv
    schema = program.schema(source)
    opened, faults, cells, counts = [], [], {}, []
    for make in engines.ALL:
        engine = make()
        engine.open(program, source, schema)
        opened.append(engine)
    for table in schema.values():
        rows = expected.read(program, source, table)
        wanted = expected.figures(table, rows)
        counts.append(rows.num_rows)
        for engine in opened:
            try:
                found = list(compare(engine, table, rows, wanted, with_values))
            except Exception as e:  # an engine that refuses a file is what is looked for
                found = [f"{type(e).__name__}: {e}"]
            cells[table["name"], engine.name] = "✗" if found else "✓"
            faults += [f"{engine.name}, {table['name']}: {text}" for text in found]
    names = [e.name for e in opened]
    matrix("dataset" if expected.day_folders(source) else "result", list(schema), counts, cells, names)
    print("versions: " + ", ".join(f"{e.name} {e.version}" for e in opened))
    empty = [t for t, c in zip(schema, counts) if c == 0]
    if empty:
        print("without rows: " + ", ".join(empty))
    if faults:
        sys.exit("engines disagree:\n  " + "\n  ".join(faults))


main()
