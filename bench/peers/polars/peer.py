"""The job in Polars: reads a day's UTF-8 files and writes the five tables.

Usage: peer.py [--times] DAY_FOLDER OUT_FOLDER. Amounts are whole fen from the parser
to the writer, which turns them into Decimal(18,2).
"""

import datetime
import json
import pathlib
import resource
import sys
import time

import polars as pl
from polars import col, lit, when

MONEY = pl.Decimal(18, 2)
WALLET = pl.Enum(["alipay", "wechat"])
KIND = pl.Enum(["payment", "refund", "revoke"])
NO_MONEY = ["unpaid", "closed", "cancelled"]


def fen(name):
    """A decimal column as whole fen."""
    return col(name).to_physical().cast(pl.Int64)


def yuan(expression):
    """Whole fen as yuan."""
    return (expression.cast(pl.Decimal(38, 2)) / 100).cast(MONEY)


def moved(name):
    """An amount of a line, nothing where the line settles nothing."""
    return when(col("settles")).then(col(name)).otherwise(0)


def due(settled, rate):
    """The fee of an amount, rounded half up; rate is in parts per million."""
    return (settled.abs() * rate.fill_null(6000) + 500_000) // 1_000_000


def identity(*columns):
    return pl.struct(*columns).hash().alias("id")


def alipay(paths, pid):
    amounts = ["订单金额（元）", "商家实收（元）", "商家优惠（元）", "服务费（元）"]
    rows = pl.scan_csv(paths, comment_prefix="#", quote_char=None, infer_schema=False, schema_overrides={name: MONEY for name in amounts})
    refund = col("业务类型").str.starts_with("退款")
    raw = col("商户订单号").str.strip_chars_end("\t")
    sign = when(refund).then(-1).otherwise(1)
    return rows.select(
        lit("alipay").cast(WALLET).alias("wallet"), lit(pid).alias("account"), lit(None, pl.String).alias("sub_account"), refund.alias("is_refund"),
        when(refund).then(lit("refund")).otherwise(lit("payment")).cast(KIND).alias("kind"), lit(True).alias("settles"),
        when(raw.str.starts_with("T")).then(raw.str.split_exact("P", 1).struct.field("field_1")).otherwise(raw).alias("order_no"), raw.alias("order_no_raw"),
        when(refund).then(col("退款批次号/请求号").str.strip_chars_end("\t")).alias("refund_no"), col("支付宝交易号").str.strip_chars_end("\t").alias("txn"),
        lit(None, pl.String).alias("refund_id"), col("完成时间").str.to_datetime("%Y-%m-%d %H:%M:%S", time_unit="us").alias("moment"),
        fen("订单金额（元）").alias("gross"), fen("商家实收（元）").alias("settled"), (sign * fen("服务费（元）").abs() * -1).alias("fee"),
        (sign * fen("商家优惠（元）").abs()).alias("coupon"), lit(None, pl.Int64).alias("rate"), when(refund).then(lit("退款")).otherwise(lit("交易")).alias("raw_type"),
        lit(None, pl.String).alias("refund_state"), (~refund & ~raw.str.starts_with("T")).cast(pl.Int8).mul(2).alias("priced"),
    )


def wechat(paths):
    rows = pl.scan_csv(paths, quote_char=None, infer_schema=False).filter(col("交易类型").is_not_null())
    text = lambda name: col(name).str.slice(1)
    amount = lambda name: text(name).cast(MONEY).to_physical().cast(pl.Int64)
    refund = text("交易状态") != "SUCCESS"
    kind = pl.concat_str(text("交易类型"), lit("/"), text("交易状态"))
    rate = text("费率")
    return rows.select(
        lit("wechat").cast(WALLET).alias("wallet"), text("商户号").alias("account"), text("特约商户号").replace("0", None).alias("sub_account"), refund.alias("is_refund"),
        text("交易状态").replace_strict({"SUCCESS": "payment", "REFUND": "refund", "REVOKED": "revoke"}, return_dtype=KIND).alias("kind"), (~refund | ~text("退款状态").is_in(["FAIL", "CHANGE"])).alias("settles"),
        text("商户订单号").alias("order_no"), text("商户订单号").alias("order_no_raw"), when(refund).then(text("商户退款单号").replace("0", None)).alias("refund_no"),
        text("微信订单号").alias("txn"), when(refund).then(text("微信退款单号").replace("0", None)).alias("refund_id"),
        text("交易时间").str.to_datetime("%Y-%m-%d %H:%M:%S", time_unit="us").alias("moment"),
        when(refund).then(-amount("申请退款金额")).otherwise(amount("订单金额")).alias("gross"),
        when(refund).then(-amount("退款金额")).otherwise(amount("应结订单金额")).alias("settled"), (-amount("手续费")).alias("fee"),
        when(refund).then(-amount("充值券退款金额")).otherwise(amount("代金券金额")).alias("coupon"),
        (rate.str.strip_chars_end("%").cast(pl.Decimal(9, 2)).to_physical().cast(pl.Int64) * 100).alias("rate"),
        when(refund).then(pl.concat_str(kind, lit("/"), text("退款状态"))).otherwise(kind).alias("raw_type"),
        when(refund).then(text("退款状态")).alias("refund_state"), lit(1, pl.Int8).alias("priced"),
    )


class Peer:
    def __init__(self, day, out):
        self.day, self.out = day, out
        self.on = datetime.date.fromisoformat(day["On"])
        midnight = datetime.datetime.combine(self.on, datetime.time())
        self.opens = midnight + datetime.timedelta(minutes=30)
        self.closes = midnight + datetime.timedelta(hours=23, minutes=30)
        self.started = (time.monotonic(), used())

    def step(self, name):
        if "--times" in sys.argv:
            wall, cpu = time.monotonic(), used()
            print(f"{wall - self.started[0]:7.2f} s wall {cpu - self.started[1]:7.2f} s CPU  {name}", file=sys.stderr)
            self.started = (wall, cpu)

    def read(self):
        day = self.day
        bills = pl.concat([alipay(day["UTF8"], day["PID"]), wechat(day["WeChat"])])
        self.lines = bills.with_columns(identity("wallet", "txn", "kind", "refund_no", "refund_id").alias("lid")).collect(engine="streaming")
        self.step("lines")
        self.orders = pl.scan_csv(day["OrdersCSV"], infer_schema=False, schema_overrides={"amount": MONEY}).select(
            "order_no", col("wallet").cast(WALLET), fen("amount").alias("amount"), col("paid_at").str.to_datetime("%Y-%m-%d %H:%M:%S", time_unit="us"), "status", "shop", "account", "payment_no",
            col("provider_txn_id").alias("txn"), identity("order_no", "payment_no").alias("eid")).collect(engine="streaming")
        self.refunds = pl.scan_csv(day["RefundsCSV"], infer_schema=False, schema_overrides={"amount": MONEY}).select(
            "order_no", "refund_no", (-fen("amount")).alias("amount"), col("refunded_at").str.to_datetime("%Y-%m-%d %H:%M:%S", time_unit="us"), "status",
            identity("order_no", "refund_no").alias("eid")).collect(engine="streaming")
        self.watermark = self.orders["paid_at"].max()
        self.refund_watermark = max(self.watermark, self.refunds["refunded_at"].max())
        self.step("orders and refunds")

    def match_payments(self):
        shares = self.orders.lazy().filter(col("payment_no").is_not_null())
        self.shares = shares.collect()
        combined = self.shares.lazy().sort("order_no").group_by("payment_no").agg(
            col("order_no").first(), col("wallet").first(), col("amount").sum(), col("paid_at").min(), col("status").first(), col("shop").first(), col("account").first(),
            col("txn").first(), col("eid").first(), pl.len().cast(pl.Int64).alias("orders"))
        single = self.orders.lazy().filter(col("payment_no").is_null()).with_columns(lit(1, pl.Int64).alias("orders"))
        columns = ["payment_no", "order_no", "wallet", "account", "txn", "amount", "paid_at", "status", "shop", "eid", "orders"]
        units = pl.concat([single.select(columns), combined.select(columns)]).rename({"wallet": "stated", "account": "stated_account", "txn": "stated_txn"}).with_columns(
            pl.coalesce("payment_no", "order_no").alias("number"))
        payments = self.lines.lazy().filter(~col("is_refund")).select("lid", "wallet", "account", col("order_no").alias("line_no"), "txn", "moment", "gross", "settled", "fee", "rate", "priced")
        fits = (col("stated").is_null() | (col("stated") == col("wallet"))) & (col("stated_account").is_null() | (col("stated_account") == col("account")))
        other = (col("stated") != col("wallet")) & col("stated_txn").is_null()
        both = col("lid").is_not_null() & col("eid").is_not_null()
        joined = payments.join(units, left_on="line_no", right_on="number", how="full", coalesce=False).with_columns(
            when(~both).then(0).when(fits).then(1).when(other).then(2).otherwise(0).cast(pl.Int8).alias("pass")).collect(engine="streaming")
        self.step("join")

        claimed = joined.lazy().filter(col("pass") > 0)
        twice = claimed.group_by("eid").len().filter(col("len") > 1)
        losers = claimed.join(twice, on="eid", how="semi").sort("eid", "pass", col("gross") != col("amount"), "moment", "lid").filter(
            col("eid").cum_count().over("eid") > 1).select("lid").collect()
        left = joined.lazy().filter(col("pass") == 0)
        by_provider = left.filter(col("lid").is_not_null()).select("lid", "wallet", "account", "txn", "gross").join(
            left.filter(col("eid").is_not_null()).select("eid", "order_no", "payment_no", "amount", "shop", "orders", "stated", "stated_account", "stated_txn"),
            left_on="txn", right_on="stated_txn").filter(fits).collect()
        columns = ["lid", "eid", "wallet", "account", "txn", "order_no", "payment_no", "gross", "amount", "shop", "orders", "pass", "verdict"]
        wrong = col("gross") != col("amount")
        verdict = when(col("status").is_in(NO_MONEY)).then(lit("status")).when(col("pass") == 2).then(lit("wallet")).when(wrong).then(lit("amount")).otherwise(lit("equal"))
        # A payment that was taken back at the till (撤销), for an order that expects no
        # money: both lines settle nothing.
        revokes = self.lines.lazy().filter(col("kind") == "revoke").select("txn", "wallet", "account", (-col("gross")).alias("gross"), col("lid").alias("revoke_lid"))
        self.revoked = claimed.filter(col("status").is_in(NO_MONEY)).join(revokes, on=["txn", "wallet", "account", "gross"]).select("lid", "revoke_lid").collect()
        self.pairs = pl.concat([
            claimed.join(losers.lazy(), on="lid", how="anti").join(self.revoked.lazy(), on="lid", how="anti").with_columns(verdict.alias("verdict")).select(columns),
            by_provider.lazy().with_columns(lit(3, pl.Int8).alias("pass"), when(wrong).then(lit("amount")).otherwise(lit("equal")).alias("verdict")).select(columns),
        ]).collect(engine="streaming")
        self.left_lines = pl.concat([
            left.filter(col("lid").is_not_null()).join(by_provider.lazy(), on="lid", how="anti").with_columns(lit(False).alias("again")),
            claimed.join(losers.lazy(), on="lid", how="semi").with_columns(lit(True).alias("again"))]).collect()
        self.left_units = left.filter(col("eid").is_not_null()).join(by_provider.lazy(), on="eid", how="anti").collect()
        self.joined, self.losers, self.by_provider = joined, losers, by_provider
        self.step("payments")

    def match_refunds(self):
        rows = self.lines.lazy().filter(col("is_refund"))
        paid = self.joined.lazy().join(rows, on=["txn", "wallet"], how="semi").select("txn", "wallet", col("gross").alias("paid"), (-col("fee")).alias("paid_fee"))
        group = ["txn", "wallet"]
        self.refund_lines = rows.join(paid, on=group, how="left").sort("moment", "lid").with_columns(
            moved("gross").cum_sum().over(group).alias("so_far"), (moved("fee").cum_sum().over(group) - moved("fee")).alias("returned")).with_columns(
            when(col("priced") > 0).then(-pl.min_horizontal(due(moved("settled"), col("rate")), when(col("paid_fee").is_not_null()).then(pl.max_horizontal(col("paid_fee") - col("returned"), 0)))).alias("expected")).collect()
        lines = self.refund_lines.lazy().filter(col("settles")).join(self.revoked.lazy(), left_on="lid", right_on="revoke_lid", how="anti")
        self.payable = lines
        numbers = self.orders.lazy().join(self.refunds.lazy(), on="order_no", how="semi").select("order_no", "payment_no", "shop")
        listed = self.refunds.lazy().join(numbers, on="order_no", how="left").with_columns(pl.coalesce("payment_no", "order_no").alias("number"))
        kept = ["lid", "wallet", "account", "txn", "line_no", "refund_no", "gross", "moment", "kind"]
        lines = lines.with_columns(col("order_no").alias("line_no")).select(kept)
        by_number = listed.join(lines, left_on=["number", "refund_no"], right_on=["line_no", "refund_no"])
        whole = self.joined.lazy().filter((col("status") == "refunded")).join(self.refunds.lazy(), on="order_no", how="anti").join(self.losers.lazy(), on="lid", how="anti").with_columns(
            pl.coalesce("payment_no", "order_no").alias("number")).select("number", "order_no", "stated", "shop", (col("eid") + 1).alias("eid"), (-col("amount")).alias("amount"), lit("success").alias("status"))
        by_order = whole.join(lines, left_on="number", right_on="line_no").filter(col("stated").is_null() | (col("stated") == col("wallet")))
        columns = ["lid", "eid", "wallet", "account", "txn", "order_no", "refund_no", "amount", "gross", "status", "shop", "kind"]
        self.refund_pairs = pl.concat([by_number.select(columns), by_order.select(columns)]).collect()
        missing = listed.join(self.refund_pairs.lazy(), on="eid", how="anti").unique("eid")
        where = self.joined.lazy().filter(col("eid").is_not_null()).select(pl.coalesce("payment_no", "order_no").alias("number"), pl.coalesce("wallet", "stated").alias("wallet"),
                                                                         pl.coalesce("account", "stated_account").alias("account"))
        where = where.join(missing, on="number", how="semi").unique("number")
        self.left_refunds = missing.join(where, on="number", how="left").collect()
        self.step("refunds")

    def find(self):
        inside = lambda moment: (col(moment) > self.opens) & (col(moment) < self.closes)
        shape = {"kind": pl.String, "wallet": WALLET, "account": pl.String, "order_no": pl.String, "payment_no": pl.String, "refund_no": pl.String, "lid": pl.UInt64, "eid": pl.UInt64, "txn": pl.String,
                 "expected": pl.Int64, "actual": pl.Int64, "shop": pl.String}

        def rows(frame, kind, **given):
            given["kind"] = lit(kind) if isinstance(kind, str) else kind
            known = frame.lazy().collect_schema().names()
            return frame.lazy().select([(given[name] if name in given else col(name) if name in known else lit(None)).cast(kind).alias(name) for name, kind in shape.items()])

        wrong = self.pairs.lazy().filter(col("verdict") != "equal")
        kinds = col("verdict") + "_mismatch"
        refund_wrong = self.refund_pairs.lazy().filter((col("amount") != col("gross")) | (col("status") == "failed"))
        failed = col("status") == "failed"
        left_refund_lines = self.payable.join(self.refund_pairs.lazy(), on="lid", how="anti")
        exceeding = self.refund_lines.lazy().filter(col("settles") & (col("paid") + col("so_far") < 0)).unique(["txn", "wallet"], keep="first", maintain_order=True).join(
            self.refund_pairs.lazy().select("lid", "eid", "shop", col("order_no").alias("event_order")), on="lid", how="left")
        own = lambda frame, expected: frame.filter(col("rate").is_not_null()).with_columns(expected.alias("should"))
        payments = own(self.lines.lazy().filter(~col("is_refund")), due(col("settled"), col("rate"))).filter(-col("fee") != col("should"))
        returns = own(self.refund_lines.lazy(), col("expected")).filter((col("fee") + col("should")).abs() > 1)
        shops = pl.concat([self.pairs.lazy().filter(col("pass") < 3).select("lid", "shop"), self.refund_pairs.lazy().select("lid", "shop")])
        fees = pl.concat([f.select("lid", "wallet", "account", "order_no", "refund_no", "txn", "fee", "should") for f in (payments, returns)]).join(shops, on="lid", how="left")
        none, zero = lit(None, pl.Int64), lit(0, pl.Int64)
        self.breaks = pl.concat([
            rows(wrong, kinds, expected=when(col("verdict") == "status").then(0).otherwise(col("amount")), actual=col("gross")),
            rows(wrong.filter((col("verdict") == "wallet") & (col("amount") != col("gross"))), "amount_mismatch", expected=col("amount"), actual=col("gross")),
            rows(refund_wrong, when(failed).then(lit("status_mismatch")).otherwise(lit("amount_mismatch")), expected=when(failed).then(0).otherwise(col("amount")), actual=col("gross")),
            rows(self.left_units.lazy().filter(~col("status").is_in(NO_MONEY) & inside("paid_at")), "missing_in_statement", expected=col("amount"), actual=none, lid=none, wallet=col("stated"), account=col("stated_account"), txn=col("stated_txn")),
            rows(self.left_refunds.lazy().filter((col("status") == "success") & inside("refunded_at")), "refund_missing_in_statement", expected=col("amount"), actual=none, payment_no=lit(None)),
            rows(self.left_lines.lazy().filter(col("again") | (col("moment") < self.watermark)), when(col("again")).then(lit("duplicate_payment")).otherwise(lit("missing_in_orders")),
                 order_no=col("line_no"), payment_no=lit(None), eid=none, shop=lit(None), expected=when(col("again")).then(zero), actual=col("gross")),
            rows(left_refund_lines.filter(col("moment") < self.refund_watermark), "refund_missing_in_orders", expected=none, actual=col("gross")),
            rows(exceeding, "refund_exceeds_payment", order_no=pl.coalesce("event_order", "order_no"), expected=-(col("paid") + col("so_far") - col("gross")), actual=col("gross")),
            rows(fees, "fee_variance", expected=-col("should"), actual=col("fee")),
        ]).collect()
        broken = self.breaks.lazy().filter(col("lid").is_not_null() & (col("kind") != "fee_variance")).select("lid", lit("broken").alias("state")).unique("lid")
        waits = pl.concat([self.left_lines.lazy().filter(~col("again") & (col("moment") >= self.watermark)).select("lid", "wallet", "account"),
                           left_refund_lines.filter(col("moment") >= self.refund_watermark).select("lid", "wallet", "account")])
        self.open_lines = waits.collect()
        unsettled = pl.concat([self.refund_lines.lazy().filter(~col("settles")).select("lid"), self.revoked.lazy().select("lid"), self.revoked.lazy().select(col("revoke_lid").alias("lid"))])
        self.states = pl.concat([broken, unsettled.select("lid", lit("not_expected").alias("state")), self.open_lines.lazy().select("lid", lit("open").alias("state"))]).unique("lid", keep="first", maintain_order=True).collect()
        self.step("findings")

    def write(self, table, frame):
        folder = self.out / table
        folder.mkdir(parents=True, exist_ok=True)
        frame.lazy().sink_parquet(folder / "part-00000.parquet", compression="zstd", compression_level=1, row_group_size=122_880)
        self.step(table)

    def source(self):
        return when(col("wallet") == "alipay").then(lit(pathlib.Path(self.day["Zip"]).name)).otherwise(lit(pathlib.Path(self.day["WeChat"][0]).name)).alias("source_file")

    def write_lines(self):
        refund = col("is_refund")
        self.write("statement_lines", self.lines.lazy().join(self.states.lazy(), on="lid", how="left").select(
            col("lid").cast(pl.String).alias("line_id"), "wallet", "account", "sub_account", "kind", "order_no", "order_no_raw", "refund_no",
            col("txn").alias("provider_txn_id"), col("refund_id").alias("provider_refund_id"), (col("moment") - pl.duration(hours=8)).dt.replace_time_zone("UTC").alias("occurred_at"),
            when(refund & (col("wallet") == "wechat")).then(lit("as_stated")).otherwise(lit("success")).alias("time_basis"), lit(self.on).alias("settled_on"),
            yuan(col("gross")).alias("gross_amount"), yuan(col("settled")).alias("settled_amount"), yuan(col("fee")).alias("fee_amount"), yuan(col("settled") + col("fee")).alias("net_amount"),
            fraction(col("rate")).alias("fee_rate"), lit("CNY").alias("currency"), col("state").fill_null("matched").alias("match_state"), "raw_type", self.source(), lit(None, pl.Int64).alias("source_line"),
            col("refund_state").replace_strict({"PROCESSING": "processing", "FAIL": "failed", "CHANGE": "changed"}, default="success", return_dtype=pl.String).alias("status"), yuan(col("coupon")).alias("coupon_amount")))

    def write_matches(self):
        none = lit(None, pl.String)
        columns = ["lid", "eid", "wallet", "account", "kind", "order_no", "refund_no", "amount", "gross", "rule", "verdict", "payment_no"]
        rule = when(col("pass") == 2).then(lit("2 order number in another wallet")).when(col("pass") == 3).then(lit("3 provider number")).when(col("payment_no").is_null()).then(
            lit("1 order number")).otherwise(lit("1 payment number")).alias("rule")
        single = self.pairs.lazy().filter(col("orders") == 1).with_columns(lit("payment").alias("kind"), none.alias("refund_no"), rule)
        # What a combined payment's line differs from the sum of its orders falls to the last.
        shared = self.pairs.lazy().filter(col("orders") > 1).join(self.shares.lazy().select("payment_no", col("order_no").alias("share"), col("amount").alias("part"), col("eid").alias("share_eid")), on="payment_no")
        last = col("share") == col("share").max().over("lid")
        shared = shared.with_columns(lit("payment").alias("kind"), none.alias("refund_no"), rule, col("share").alias("order_no"), col("share_eid").alias("eid"), col("part").alias("amount"),
                                     (col("part") + when(last).then(col("gross") - col("amount")).otherwise(0)).alias("gross"))
        verdict = when(col("status") == "failed").then(lit("status")).when(col("amount") != col("gross")).then(lit("amount")).otherwise(lit("equal")).alias("verdict")
        refunds = self.refund_pairs.lazy().with_columns(col("kind").cast(pl.String), lit("1 refund number").alias("rule"), verdict, none.alias("payment_no"))
        self.write("matches", pl.concat([f.select(columns) for f in (single, shared, refunds)]).select(
            identity("lid", "eid").cast(pl.String).alias("match_id"), "wallet", "account", "kind", "order_no", "refund_no", col("lid").cast(pl.String).alias("line_id"), col("eid").cast(pl.String).alias("event_id"),
            yuan(col("amount")).alias("order_amount"), yuan(col("gross")).alias("line_amount"), yuan(col("gross") - col("amount")).alias("difference"), "rule", "verdict", lit(self.on).alias("settled_on"), "payment_no"))

    def write_breaks(self):
        self.write("breaks", self.breaks.lazy().select(
            identity("kind", "wallet", "account", "order_no", "payment_no", "refund_no", "txn").cast(pl.String).alias("break_id"), "kind", "wallet", "account", "order_no", "refund_no",
            col("lid").cast(pl.String).alias("line_id"), col("eid").cast(pl.String).alias("event_id"), yuan(col("expected")).alias("expected_amount"), yuan(col("actual")).alias("actual_amount"),
            yuan(col("actual").fill_null(0) - col("expected").fill_null(0)).alias("difference"), lit("CNY").alias("currency"), lit(self.on).alias("first_seen_on"), lit(0, pl.Int64).alias("age_days"),
            lit("open").alias("status"), lit(None, pl.Date).alias("closed_on"), col("kind").alias("reason"), lit(None, pl.String).alias("suggestion"), self.source(), lit(None, pl.Int64).alias("source_line"),
            "payment_no", col("txn").alias("provider_txn_id"), "shop"))

    def write_charges(self):
        columns = ["lid", "wallet", "account", "order_no", "is_refund", "kind", "settles", "gross", "settled", "fee", "coupon", "rate", "priced", "expected"]
        expected = when(col("priced") > 0).then(due(col("settled"), col("rate"))).alias("expected")
        rows = pl.concat([self.lines.lazy().filter(~col("is_refund")).with_columns(expected).select(columns), self.refund_lines.lazy().select(columns)])
        charged, refund, rate = -col("fee"), col("is_refund"), col("rate")
        bases = (col("settled").abs(), col("gross").abs(), col("gross").abs() - col("coupon").abs(), col("settled").abs() - col("coupon").abs())
        other_base = pl.any_horizontal([(base > 0) & (charged.abs() == due(base, rate)) for base in bases])
        variance_class = when(col("expected").is_null()).then(lit("rule_missing")).when(col("expected") == charged).then(lit("match")).when(
            refund & ((col("expected") - charged).abs() <= 1)).then(lit("rounding_residual")).when(refund & (charged == 0)).then(lit("fee_not_returned")).when(charged == 0).then(lit("unbilled")).when(
            other_base).then(lit("base_mismatch")).when(charged == 2 * col("expected")).then(lit("double_billed")).otherwise(lit("rate_mismatch"))
        own, assumed = col("priced") == 1, col("priced") == 2
        self.write("charges", rows.select(
            col("lid").cast(pl.String).alias("line_id"), "wallet", "account", "order_no", col("kind").alias("event"), lit("channel").alias("component"),
            when(own).then(lit("own_rate")).when(assumed).then(lit("alipay_acquiring_standard")).alias("rule_id"), when(col("priced") > 0).then(lit("1")).alias("rule_version"),
            yuan(moved("settled").abs()).alias("base_amount"), fraction(when(own).then(rate).when(assumed).then(6000)).alias("rate"), yuan(col("expected")).alias("expected_fee"), yuan(charged).alias("charged_fee"),
            yuan(col("expected") - charged).alias("variance"), variance_class.alias("variance_class"), assumed.alias("assumed"), lit(self.on).alias("settled_on")))

    def write_summary(self):
        sums = ["events", "lines", "matched", "gross", "refunds", "expected", "charged", "variance", "net", "breaks", "open"]

        def part(frame, day, shop, **values):
            zero = lit(0, pl.Int64)
            return frame.lazy().select(day.cast(pl.Date).alias("settled_on"), col("wallet"), col("account"), shop.fill_null("").alias("shop"), *[values.get(name, zero).cast(pl.Int64).alias(name) for name in sums])

        on, one = lit(self.on), lit(1)
        claim = pl.concat([self.pairs.lazy().filter(col("pass") < 3).select("lid", lit(False).alias("revoked")), self.revoked.lazy().select("lid", lit(True).alias("revoked"))])
        inside = lambda moment: (col(moment) > self.opens) & (col(moment) < self.closes)
        state = self.states.lazy()
        payments = self.joined.lazy().filter(col("lid").is_not_null()).join(claim.with_columns(lit(True).alias("claimed")), on="lid", how="left").join(
            self.by_provider.lazy().select("lid", col("shop").alias("far_shop"), col("orders").alias("far_orders")), on="lid", how="left").join(state, on="lid", how="left").with_columns(
            when(col("priced") > 0).then(due(col("settled"), col("rate"))).alias("expected"))
        claimed = col("claimed").is_not_null()
        matched = col("state").is_null()
        refund_rows = self.refund_lines.lazy().join(self.refund_pairs.lazy().select("lid", "shop"), on="lid", how="left").join(self.refund_pairs.lazy().select("lid", lit(1).alias("claimed")), on="lid", how="left").join(state, on="lid", how="left")
        waiting = (col("status") == "processing") | (col("status") == "success") & ~inside("refunded_at")
        nobody = self.left_refunds.lazy().filter(col("status") != "failed").with_columns(lit(None, WALLET).alias("wallet"), lit(None, pl.String).alias("account"))
        left_units = self.left_units.lazy().filter(~col("status").is_in(NO_MONEY)).with_columns(col("stated").alias("wallet"), col("stated_account").alias("account"))
        parts = [
            part(payments, on, when(claimed).then(col("shop")).otherwise(col("far_shop")), events=when(col("revoked")).then(0).when(claimed).then(col("orders")).otherwise(col("far_orders").fill_null(0)), lines=one, matched=matched,
                 gross=col("gross"), expected=col("expected").fill_null(0), charged=-col("fee"), variance=(col("expected") + col("fee")).fill_null(0), net=col("settled") + col("fee")),
            part(refund_rows, on, col("shop"), events=col("claimed").is_not_null(), lines=one, matched=matched, refunds=moved("gross"), expected=col("expected").fill_null(0), charged=-col("fee"),
                 variance=(col("expected") + col("fee")).fill_null(0), net=moved("settled") + moved("fee")),
            part(left_units, col("paid_at").dt.date(), col("shop"), events=one, open=~inside("paid_at")),
            part(nobody, col("refunded_at").dt.date(), col("shop"), events=one),
            part(self.left_refunds.lazy().filter(waiting), col("refunded_at").dt.date(), col("shop"), open=one),
            part(self.breaks, on, col("shop"), breaks=one),
            part(self.open_lines, on, lit(""), open=one),
        ]
        total = pl.concat(parts).group_by("settled_on", "wallet", "account", "shop").agg([col(name).sum() for name in sums])
        base = col("gross") + col("refunds")
        bps = when(base > 0).then((col("charged").abs() * 20_000 + base) // (2 * base) * col("charged").sign())
        self.write("summary", total.select(
            "settled_on", "wallet", "account", "shop", lit("CNY").alias("currency"), "events", "lines", "matched", "breaks", yuan(col("gross")).alias("gross"), yuan(col("refunds")).alias("refunds"),
            yuan(col("expected")).alias("expected_fees"), yuan(col("charged")).alias("charged_fees"), yuan(col("variance")).alias("fee_variance"), yuan(col("net")).alias("net"),
            lit(None, MONEY).alias("withdrawal_fees"), lit(None, MONEY).alias("cross_wallet_fees"), bps.alias("cost_bps"), col("open").alias("open_items")))


def fraction(ppm):
    """Parts per million as a fraction of six decimals."""
    return (ppm.cast(pl.Decimal(38, 6)) / 1_000_000).cast(pl.Decimal(9, 6))


def used():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def main():
    folders = [word for word in sys.argv[1:] if not word.startswith("--")]
    day = json.loads((pathlib.Path(folders[0]) / "day.json").read_text())
    peer = Peer(day, pathlib.Path(folders[1]))
    peer.read()
    peer.match_payments()
    peer.match_refunds()
    peer.find()
    peer.write_lines()
    peer.write_matches()
    peer.write_breaks()
    peer.write_charges()
    peer.write_summary()


main()
