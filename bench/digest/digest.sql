-- What a result says, without the identities that each program makes for itself: rows,
-- sums, and a digest of all rows that does not depend on their order. The digest is the
-- sum of the rows' hashes, so a row too many, too few or changed shows.

create macro cells(row) as hash(row::varchar);

create table digests as
select 'statement_lines' as "table", count(*) as rows, sum(cells(r)::hugeint) as digest, {'gross': sum(r.gross_amount), 'fees': sum(r.fee_amount), 'net': sum(r.net_amount)}::varchar as sums
from (
  select wallet::varchar as wallet, account, sub_account, kind, order_no, order_no_raw, refund_no, provider_txn_id, provider_refund_id, epoch_us(occurred_at) as occurred_at, time_basis,
    settled_on, gross_amount, settled_amount, fee_amount, net_amount, fee_rate, currency, match_state, raw_type, status, coupon_amount from lines
) r
union all
select 'matches', count(*), sum(cells(r)::hugeint), {'orders': sum(r.order_amount), 'lines': sum(r.line_amount), 'difference': sum(r.difference)}::varchar
from (
  -- A refund's payment number is not compared: of an order with several payments it is one of them.
  select m.wallet::varchar as wallet, m.account, m.kind, m.order_no, m.refund_no, l.provider_txn_id, l.provider_refund_id, order_amount, line_amount, difference, verdict, m.settled_on,
    case m.kind when 'payment' then payment_no end as payment_no from matches m join lines l using (line_id)
) r
union all
select 'breaks', count(*), sum(cells(r)::hugeint), {'expected': sum(r.expected_amount), 'actual': sum(r.actual_amount), 'difference': sum(r.difference)}::varchar
from (
  select kind, wallet::varchar as wallet, account, order_no, refund_no, provider_txn_id, expected_amount, actual_amount, difference, currency, first_seen_on, age_days, status, shop,
    case when refund_no is null then payment_no end as payment_no from breaks
) r
union all
select 'charges', count(*), sum(cells(r)::hugeint), {'expected': sum(r.expected_fee), 'charged': sum(r.charged_fee), 'variance': sum(r.variance)}::varchar
from (
  select c.wallet::varchar as wallet, c.account, c.order_no, l.provider_txn_id, l.refund_no, l.provider_refund_id, event, component, rule_id, rule_version, base_amount, rate, expected_fee,
    charged_fee, variance, variance_class, assumed, c.settled_on from charges c join lines l using (line_id)
) r
union all
select 'summary', count(*), sum(cells(r)::hugeint), {'lines': sum(r.lines), 'gross': sum(r.gross), 'net': sum(r.net)}::varchar
from (
  -- A sum of no fees is null in the program's table, 0 in the peers'.
  select settled_on, wallet::varchar as wallet, account, shop, currency, events, lines, matched, breaks, gross, refunds, coalesce(expected_fees, 0) as expected_fees,
    coalesce(charged_fees, 0) as charged_fees, coalesce(fee_variance, 0) as fee_variance, net, withdrawal_fees,
    cross_wallet_fees, cost_bps, open_items from summary
) r;
