"""The job in DuckDB: reads a day's UTF-8 files and writes the five tables.

Usage: peer.py [--iconv] [--memory LIMIT] [--times] DAY_FOLDER OUT_FOLDER. With --iconv
Alipay's archive is inflated and converted from GB18030 by iconv first, as part of the
job. --memory bounds what DuckDB holds in memory, such as 1280MiB; what exceeds it goes
to disk, into OUT_FOLDER. Without it DuckDB takes what it wants, up to its own default of
four fifths of the machine's.
"""

import argparse
import json
import os
import pathlib
import resource
import subprocess
import sys
import time
import zipfile

import duckdb

HERE = pathlib.Path(__file__).parent
THREADS = len(os.sched_getaffinity(0))


def literal(value):
    if isinstance(value, list):
        return "[" + ", ".join(literal(v) for v in value) + "]"
    return "'" + str(value).replace("'", "''") + "'"


def convert(archive, out):
    """Inflates the details of Alipay's archive through iconv into UTF-8 files."""
    paths = []
    with zipfile.ZipFile(archive) as z:
        for number, member in enumerate(z.infolist()):
            if "汇总" in member.filename.encode("cp437", "replace").decode("gb18030", "replace"):
                continue
            path = out / f"alipay_{number}.utf8"
            with z.open(member) as source, open(path, "wb") as target:
                iconv = subprocess.Popen(["iconv", "-f", "GB18030", "-t", "UTF-8"], stdin=subprocess.PIPE, stdout=target)
                while block := source.read(1 << 20):
                    iconv.stdin.write(block)
                iconv.stdin.close()
                if iconv.wait() != 0:
                    sys.exit("iconv failed")
            paths.append(str(path))
    return paths


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--iconv", action="store_true")
    parser.add_argument("--memory")
    parser.add_argument("--times", action="store_true")
    parser.add_argument("day", type=pathlib.Path)
    parser.add_argument("out", type=pathlib.Path)
    given = parser.parse_args()
    day, out = json.loads((given.day / "day.json").read_text()), given.out
    values = {
        "alipay_name": pathlib.Path(day["Zip"]).name, "wechat_name": pathlib.Path(day["WeChat"][0]).name, "alipay": day["UTF8"], "wechat": day["WeChat"],
        "orders": day["OrdersCSV"], "refunds": day["RefundsCSV"], "day": day["On"], "pid": day["PID"],
    }
    for table, name in (("lines", "statement_lines"), ("matches", "matches"), ("breaks", "breaks"), ("charges", "charges"), ("summary", "summary")):
        (out / name).mkdir(parents=True, exist_ok=True)
        values["out_" + table] = out / name / "part-00000.parquet"
    if given.iconv:
        values["alipay"] = convert(day["Zip"], out)
    db = duckdb.connect()
    db.execute(f"set threads = {THREADS}; set preserve_insertion_order = false; set TimeZone = 'UTC'")
    if given.memory:
        db.execute(f"set memory_limit = {literal(given.memory)}; set temp_directory = {literal(out / 'spill')}")
    for name in ("read", "match", "findings", "write"):
        text = (HERE / (name + ".sql")).read_text()
        for key in sorted(values, key=len, reverse=True):
            text = text.replace("$" + key, literal(values[key]))
        for statement in db.extract_statements(text):
            cpu, wall = used(), time.monotonic()
            db.execute(statement)
            if given.times:
                print(f"{time.monotonic() - wall:7.2f} s wall {used() - cpu:7.2f} s CPU  {' '.join(statement.query.split())[:90]}", file=sys.stderr)


def used():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


main()
