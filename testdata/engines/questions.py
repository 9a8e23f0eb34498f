"""Asks the questions of docs/analytics.md of the sample month.

Each block ```sql is run in DuckDB, and its answer is the block ```text below it. The
line that begins with "Runs unchanged in" names the engines that give the same answer to
the same text. With --update answers and lines are written, else they are compared.
Usage: questions.py PROGRAM DATASET DOCUMENT [--update]
"""

import datetime
import decimal
import pathlib
import re
import sys
import unicodedata

import engines
import expected

BLOCK = re.compile(r"```sql\n(?P<sql>.*?)```\n\n```text\n(?P<answer>.*?)```\n\n(?P<runs>Runs unchanged in [^\n]*\n)", re.S)


def cell(value):
    """A value as the document prints it. Ratios are rounded by the query: what a float is
    off beyond that is no part of the answer."""
    if value is None:
        return ""
    if isinstance(value, float):
        value = decimal.Decimal(repr(value))
    if isinstance(value, decimal.Decimal):
        text = f"{value:f}"
        return "0" + text[1:] if text.startswith(".") else text
    if isinstance(value, datetime.datetime):
        return value.date().isoformat() if value.time() == datetime.time() else value.isoformat()
    return str(value)


def comparable(rows):
    """Rows in which numbers are what they are, however many zeros end them."""
    def of(value):
        if isinstance(value, (int, float, decimal.Decimal)) and not isinstance(value, bool):
            return decimal.Decimal(repr(value) if isinstance(value, float) else value).normalize() + 0
        return cell(value)
    return [tuple(of(v) for v in row) for row in rows]


def width(text):
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def layout(names, rows):
    cells = [list(map(cell, row)) for row in rows]
    numeric = [all(isinstance(row[i], (int, float, decimal.Decimal, type(None))) for row in rows) for i in range(len(names))]
    widths = [max(map(width, [n] + [row[i] for row in cells])) for i, n in enumerate(names)]
    out = ""
    for row in [names, ["─" * w for w in widths]] + cells:
        padded = [" " * (w - width(t)) + t if right else t + " " * (w - width(t)) for t, w, right in zip(row, widths, numeric)]
        out += "  ".join(padded).rstrip() + "\n"
    return out


def main():
    program, source, document, update = expected.Program(sys.argv[1]), sys.argv[2], pathlib.Path(sys.argv[3]), "--update" in sys.argv
    schema = program.schema(source)
    duck, *others = [e() for e in engines.ALL if hasattr(e, "query")]
    for engine in [duck, *others]:
        engine.open(program, source, schema)
    faults, asked, ran = [], 0, {e.name: 0 for e in others}

    def answer(match):
        nonlocal asked
        asked += 1
        sql = match["sql"].strip().rstrip(";")
        rows = duck.query(sql)
        names = [d[0] for d in duck.connection.description]
        if not rows:
            faults.append(f"question {asked}: nothing is found, which proves nothing\n{sql}")
        alike = ["DuckDB"]
        for engine in others:
            try:
                if comparable(engine.query(sql)) == comparable(rows):
                    alike.append(engine.name)
                    ran[engine.name] += 1
                else:
                    print(f"question {asked}: {engine.name} answers otherwise: {engine.query(sql)[:3]}")
            except Exception as e:  # the document says who understands a query
                print(f"question {asked}: {engine.name}: {str(e).splitlines()[0][:200]}")
        text = f"```sql\n{match['sql']}```\n\n```text\n{layout(names, rows)}```\n\nRuns unchanged in {', '.join(alike)}.\n"
        if text != match[0] and not update:
            faults.append(f"question {asked}: the document does not show what is answered (--update writes it):\n{text}")
        return text

    text = document.read_text()
    written = BLOCK.sub(answer, text)
    if asked != text.count("```sql"):
        faults.append(f"{text.count('```sql')} queries in {document}, {asked} with an answer and a line below it")
    if update:
        document.write_text(written)
    for engine in [duck, *others]:
        latest = engine.query("select break_id, status, dt from breaks_latest")
        faults += [f"{engine.name}: breaks_latest: {text}" for text in wrong_latest(program, source, schema, latest)]
    print(f"{asked} questions answered as printed in {document.name}; alike in " + ", ".join(f"{name} {n}" for name, n in ran.items()))
    if faults:
        sys.exit("\n".join(faults))
    print("breaks_latest is what the newest day says, and of what ended before what its last day says, in all of them")


def wrong_latest(program, source, schema, latest):
    """Holds the view against the days: what the newest says, and of breaks that are not in
    it how they ended. Whatever else the view has is wrong."""
    wanted = {}
    for folder in expected.day_folders(source):
        day = datetime.date.fromisoformat(folder.name[len("dt="):])
        rows = program.json("show", "breaks", "--out", str(folder), "--columns", "break_id,status")
        newest = folder == expected.day_folders(source)[-1]
        wanted |= {row["break_id"]: (row["status"], day) for row in rows if newest or row["status"] != "open"}
    found = {row[0]: (row[1], row[2]) for row in latest}
    if len(found) != len(latest):
        yield "a break is there twice"
    for ID in sorted(wanted.keys() | found.keys()):
        if wanted.get(ID) != found.get(ID):
            yield f"{ID} is {found.get(ID)} instead of {wanted.get(ID)}"


main()
