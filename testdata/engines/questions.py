"""Asks the questions of docs/analytics.md of the sample month, and runs its snippets.

Each block ```sql is run in DuckDB, and its answer is the block ```text below it. The
line that begins with "Runs unchanged in" names the engines that give the same answer to
the same text. Each block ```python prints what the comment at its end says.
"""

import datetime
import decimal
import difflib
import os
import pathlib
import re
import subprocess
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


class Document:
    """The document and what it should show. Blocks are compared, or with update written."""

    def __init__(self, path, update):
        self.path, self.update, self.faults = path, update, []
        self.text = self.before = path.read_text()

    def block(self, name, content):
        """The block ```text below the line that begins with the name and a colon."""
        self.text, found = re.subn(rf"(?m)^({re.escape(name)}:[^\n]*\n\n```text\n).*?(?=^```)", lambda m: m[1] + content, self.text, flags=re.S)
        if found != 1:
            self.faults.append(f"{self.path}: {found} blocks below “{name}:”")

    def finish(self):
        if self.update:
            self.path.write_text(self.text)
        elif self.text != self.before:
            changes = difflib.unified_diff(self.before.splitlines(), self.text.splitlines(), str(self.path), "what is found", lineterm="", n=1)
            self.faults.append("the document shows something else (make engines-update writes it):\n" + "\n".join(changes))
        return self.faults


def ask(program, opened, source, document):
    """Asks each query; returns what is wrong."""
    duck, *others = [e for e in opened if hasattr(e, "query")]
    faults, asked, ran = [], 0, {e.name: 0 for e in others}

    def answer(match):
        nonlocal asked
        asked += 1
        sql = match["sql"].strip()
        rows = duck.query(sql)
        names = [d[0] for d in duck.connection.description]
        if not rows:
            faults.append(f"query {asked}: nothing is found, which proves nothing\n{sql}")
        alike = [duck.name]
        for engine in others:
            try:
                same = comparable(engine.query(sql)) == comparable(rows)
            except Exception as e:  # the document says who understands a query
                print(f"query {asked}: {engine.name}: {str(e).splitlines()[0][:200]}")
                continue
            if not same:
                print(f"query {asked}: {engine.name} answers otherwise: {engine.query(sql)[:3]}")
                continue
            alike.append(engine.name)
            ran[engine.name] += 1
        return f"```sql\n{match['sql']}```\n\n```text\n{layout(names, rows)}```\n\nRuns unchanged in {', '.join(name.split(' (')[0] for name in alike)}.\n"

    document.text = BLOCK.sub(answer, document.text)
    if asked != document.text.count("```sql"):
        faults.append(f"{document.text.count('```sql')} queries in {document.path}, {asked} with an answer and a line below it")
    for engine in [duck, *others]:
        faults += [f"{engine.name}: breaks_latest: {text}" for text in wrong_latest(program, source, engine.query("select break_id, status, dt from breaks_latest"))]
    print(f"{asked} queries answered; alike in " + ", ".join(f"{name} {n}" for name, n in ran.items()))
    return faults


SNIPPET = re.compile(r"```python\n(?P<code>.*?)# (?P<prints>[^\n]*)\n```\n", re.S)


def run_snippets(program, source, document):
    """Runs how each engine is loaded, with the definitions that the document has written;
    all print the same."""
    faults, said = [], set()
    work = pathlib.Path(os.environ["ENGINES_WORK"]) / "snippets"
    work.mkdir()
    (work / "sample-month").symlink_to(pathlib.Path(source).parent.absolute())
    # What is written in the document is what is run: the program's name alone stands for it.
    for args, name in re.findall(r"(?m)^reconcile (ddl [^>]*) > (\S+)$", document.text):
        (work / name).write_text(subprocess.run([program.path, *args.split()], cwd=work, check=True, capture_output=True, text=True).stdout)

    def run(match):
        done = subprocess.run([sys.executable, "-c", match["code"]], cwd=work, capture_output=True, text=True)
        if done.returncode != 0:
            faults.append(f"{match['code']}\n{done.stderr[-2000:]}")
        said.add(done.stdout.strip())
        return f"```python\n{match['code']}# {done.stdout.strip()}\n```\n"

    document.text, ran = SNIPPET.subn(run, document.text)
    if ran != len(engines.ALL) or len(said) != 1:
        faults.append(f"{ran} snippets for {len(engines.ALL)} engines print {sorted(said)}")
    print(f"{ran} snippets print {' or '.join(said)}")
    return faults


def wrong_latest(program, source, latest):
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

