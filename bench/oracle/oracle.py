"""Works out the breaks and charges of a day from its files as text, in SQL written
from the contract alone, and compares them with the tables that reconcile wrote.

Usage: oracle.py DAY_FOLDER RESULT_FOLDER. Prints a JSON object with the counts and
up to 40 differences; exits with 1 where there are any.
"""

import json
import pathlib
import sys

import duckdb

HERE = pathlib.Path(__file__).parent
ORDER_COLUMNS = ["order_no", "wallet", "amount", "paid_at", "status", "account", "payment_no", "provider_txn_id", "confirmed_at", "payout_amount"]
REFUND_COLUMNS = ["order_no", "refund_no", "amount", "refunded_at", "status", "succeeded_at"]


def literal(value):
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return "[" + ", ".join(literal(v) for v in value) + "]"
    if isinstance(value, int):
        return str(value)
    return value if value.startswith("date ") else "'" + value.replace("'", "''") + "'"


class Oracle:
    def __init__(self, day, result):
        self.db = duckdb.connect()
        self.day, self.result = day, result

    def run(self, name, **values):
        """Runs a file of SQL; $names stand for values. Returns the rows that its last
        statement inserted."""
        text = (HERE / (name + ".sql")).read_text()
        for key in sorted(values, key=len, reverse=True):
            text = text.replace("$" + key, literal(values[key]))
        answer = self.db.execute(text).fetchone()
        return answer[0] if answer else 0

    def extract(self, table, path, columns):
        self.db.execute(f"create table {table} as from read_csv({literal(path)}, header = true, all_varchar = true, delim = ',', quote = '\"', auto_detect = false, "
                        f"columns = {{{', '.join(literal(c) + ': ' + literal('VARCHAR') for c in header_of(path))}}})")
        for column in columns:
            self.db.execute(f"alter table {table} add column if not exists {column} varchar")

    def tables(self):
        for view, table in (("our_breaks", "breaks"), ("our_charges", "charges"), ("our_lines", "statement_lines")):
            self.db.execute(f"create view {view} as from read_parquet({literal(str(self.result / table / '*.parquet'))})")
        self.db.execute("create view identities as select wallet, kind, provider_txn_id as txn, refund_no, provider_refund_id as refund_id, line_id from our_lines")

    def solve(self):
        self.run("read", alipay=self.day["UTF8"], wechat=self.day["WeChat"])
        self.extract("orders_text", self.day["OrdersCSV"], ORDER_COLUMNS)
        self.extract("refunds_text", self.day["RefundsCSV"], REFUND_COLUMNS)
        self.run("events", escrow="confirmed_at" in header_of(self.day["OrdersCSV"]))
        self.run("claims")
        for expected in (True, False):
            for number in (1, 2):
                for exact in (True, False):
                    self.repeat("payment_step", **{"pass": number, "expected": expected, "exact": exact})
        self.run("revoke_step")
        for by_number in (True, False):
            for exact in (True, False):
                self.repeat("refund_step", by_number=by_number, exact=exact)
        self.run("regroup")
        for expected in (True, False):
            for exact in (True, False):
                self.repeat("payment_step", **{"pass": 3, "expected": expected, "exact": exact})
        self.run("findings", day="date '" + self.day["On"] + "'", refunds_listed=True)
        self.run("fees")

    def repeat(self, name, **values):
        while self.run(name, **values):
            pass

    def compare(self):
        self.run("compare")
        count = lambda table: self.db.execute(f"select count(*) from {table}").fetchone()[0]
        rows = self.db.execute('select "table", side, row from differences order by all').fetchall()
        return {"breaks": count("found"), "charges": count("expected_charges"), "kinds": dict(self.db.execute("select kind, count(*) from found group by all order by all").fetchall()),
                "differences": len(rows), "shown": [" ".join(row) for row in rows[:40]]}


def header_of(path):
    with open(path, encoding="utf-8-sig") as file:
        return file.readline().strip().split(",")


def main():
    day = json.loads((pathlib.Path(sys.argv[1]) / "day.json").read_text())
    oracle = Oracle(day, pathlib.Path(sys.argv[2]))
    oracle.tables()
    oracle.solve()
    answer = oracle.compare()
    print(json.dumps(answer, ensure_ascii=False, indent=1))
    sys.exit(1 if answer["differences"] else 0)


main()
