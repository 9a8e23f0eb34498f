-- The small tables: breaks, and the lines that do not end as matched.

-- Up to when the orders speak, and the list of refunds.
set variable watermark = (select max(paid_at) from orders);
set variable refund_watermark = (select greatest(getvariable('watermark'), max(refunded_at)) from refunds);
set variable opens = $day::timestamp + interval 30 minute;
set variable closes = $day::timestamp + interval 1 day - interval 30 minute;

create table wrong_fees as
select l.lid, l.wallet, l.account, l.order_no, l.refund_no, l.txn, -l.expected as expected, l.fee as actual, coalesce(j.shop, p.shop) as shop
from (
  select *, due(settled, rate) as expected from lines where not is_refund and rate is not null and -fee <> due(settled, rate)
  union all by name
  select * exclude (paid, so_far) from refund_lines where rate is not null and abs(expected + fee) > 0.01
) l left join joined j on j.lid = l.lid and j.pass > 0 left join refund_pairs p on p.lid = l.lid;

create table breaks as
with pair_breaks as (
  select verdict, pass, wallet, account, order_no, payment_no, lid, eid, txn, shop, amount, gross from pairs where verdict <> 'equal'
), refund_breaks as (
  select p.*, l.wallet, l.account, l.refund_no, l.txn, l.gross from refund_pairs p join refund_lines l using (lid) where p.amount <> l.gross or p.status = 'failed'
)
select case verdict when 'status' then 'status_mismatch' when 'wallet' then 'wallet_mismatch' else 'amount_mismatch' end as kind, wallet, account, order_no, payment_no,
  null as refund_no, lid, eid, txn, case verdict when 'status' then 0.00 else amount end as expected, gross as actual, shop, null as moment from pair_breaks
union all select 'amount_mismatch', wallet, account, order_no, payment_no, null, lid, eid, txn, amount, gross, shop, null from pair_breaks where verdict = 'wallet' and amount <> gross
union all select case status when 'failed' then 'status_mismatch' else 'amount_mismatch' end, wallet, account, order_no, null, refund_no, lid, eid, txn,
  case status when 'failed' then 0 else amount end, gross, shop, null from refund_breaks
union all select 'missing_in_statement', wallet, account, order_no, payment_no, null, null, eid, txn, amount, null, shop, paid_at from left_units
  where status in ('paid', 'refunded') and paid_at > getvariable('opens') and paid_at < getvariable('closes')
union all select 'refund_missing_in_statement', wallet, account, order_no, null, refund_no, null, eid, null, amount, null, shop, refunded_at from left_refunds
  where status = 'success' and refunded_at > getvariable('opens') and refunded_at < getvariable('closes')
union all select case when again then 'duplicate_payment' else 'missing_in_orders' end, wallet, account, line_no, null, null, lid, null, txn,
  case when again then 0.00 end, gross, null, moment from left_lines where again or moment < getvariable('watermark')
union all select 'refund_missing_in_orders', wallet, account, order_no, null, refund_no, lid, null, txn, null, gross, null, moment from payable
  where lid not in (select lid from refund_pairs) and moment < getvariable('refund_watermark')
union all select 'refund_exceeds_payment', l.wallet, l.account, coalesce(p.order_no, l.order_no), null, l.refund_no, lid, p.eid, l.txn, -(paid + so_far - gross), gross, p.shop, null
  from refund_lines l left join refund_pairs p using (lid) where settles and paid + so_far < 0 qualify row_number() over (partition by l.txn, l.wallet order by l.moment, lid) = 1
union all select 'fee_variance', wallet, account, order_no, null, refund_no, lid, null, txn, expected, actual, shop, null from wrong_fees;

create table states as
select lid, min(kind) as state from (
  select lid, 'broken' as kind from breaks where lid is not null and kind <> 'fee_variance'
  union all select lid, 'not_expected' from refund_lines where not settles
  union all select lid, 'not_expected' from revoked union all select revoke_lid, 'not_expected' from revoked
  union all select lid, 'open' from left_lines where not again and moment >= getvariable('watermark')
  union all select lid, 'open' from payable where lid not in (select lid from refund_pairs) and moment >= getvariable('refund_watermark')
) group by lid;
