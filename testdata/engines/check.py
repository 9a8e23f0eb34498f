"""Holds what engines read of the tables against what the program reads, prints a matrix,
and asks the questions of docs/analytics.md.

Of a month, a day and a large day: types and nulls, counts, sums, least and greatest
values of every column, and of the first two every value.
"""

import argparse
import pathlib
import sys

import pyarrow
import pyarrow.compute as compute

import appended
import engines
import expected
import questions


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
    lines = []
    widths = [max(len(heading), *(len(t) for t in tables)), max(len(str(c)) for c in [*counts, "rows"])] + [max(len(n), 5) for n in names]
    def line(*texts):
        lines.append("  ".join(t.rjust(w) if i == 1 else t.ljust(w) for i, (t, w) in enumerate(zip(texts, widths))).rstrip() + "\n")
    line(heading, "rows", *names)
    for t, c in zip(tables, counts):
        line(t, str(c), *(cells[t, n] for n in names))
    return "".join(lines)


def read_alike(program, opened, source, with_values):
    """Checks a source in all engines; returns the matrix and what is wrong."""
    schema = program.schema(source)
    faults, cells, counts, kinds = [], {}, [], None
    for engine in opened:
        engine.open(program, source, schema)
    for table in schema.values():
        rows = expected.read(program, source, table)
        wanted = expected.figures(table, rows)
        counts.append(rows.num_rows)
        if table["name"] == "breaks":
            kinds = set(rows.column("kind").to_pylist())
        for engine in opened:
            try:
                found = list(compare(engine, table, rows, wanted, with_values))
            except Exception as e:  # an engine that refuses a file is what is looked for
                found = [f"{type(e).__name__}: {e}"]
            cells[table["name"], engine.name] = "✗" if found else "✓"
            faults += [f"{engine.name}, {table['name']}: {text}" for text in found]
    text = matrix("table", list(schema), counts, cells, [e.name for e in opened])
    every_kind = next(c["words"] for c in schema["breaks"]["columns"] if c["name"] == "kind")
    for what, missing in (("tables without rows", [t for t, c in zip(schema, counts) if c == 0]), ("kinds of breaks without one", [k for k in every_kind if k not in kinds])):
        text += f"{what}: {', '.join(missing) or 'none'}\n"
    return text, faults


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("program")
    arguments.add_argument("document", type=pathlib.Path)
    for name in ("month", "day", "large"):
        arguments.add_argument("--" + name, required=True)
    arguments.add_argument("--update", action="store_true", help="write what is found into the document")
    asked = arguments.parse_args()
    program = expected.Program(asked.program)
    opened = [make() for make in engines.ALL]
    document = questions.Document(asked.document, asked.update)
    faults = []
    for what, source, with_values in (("The month", asked.month, True), ("A day", asked.day, True), ("A large day", asked.large, False)):
        text, found = read_alike(program, opened, source, with_values)
        print(f"{what}: {source}\n{text}", flush=True)
        faults += found
        if with_values:
            document.block(what, text)
    document.block("Versions", "".join(f"{e.name} {e.version}\n" for e in opened))
    faults += [f"{e.name}: {text}" for e in opened if e.ddl for text in appended.wrong(program, e, asked.month)]
    for engine in opened:
        engine.open(program, asked.month, program.schema(asked.month))
    faults += questions.ask(program, opened, asked.month, document)
    faults += questions.run_snippets(program, asked.month, document)
    faults += document.finish()
    if faults:
        sys.exit("engines disagree:\n  " + "\n  ".join(faults))
    print("all engines read alike, and docs/analytics.md shows what they answer")


main()
