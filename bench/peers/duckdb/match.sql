-- One outer join of the payment lines with what the orders expect settles nearly all
-- of them; what is left is worked out in small tables.

-- Expected under one number: one order, or the orders of a combined payment.
create view units as
select order_no as number, null::varchar as payment_no, order_no, wallet, account, txn, amount, paid_at, status, shop, eid, 1 as orders
from orders where payment_no is null
union all
select payment_no, payment_no, min(order_no), any_value(wallet), any_value(account), any_value(txn), sum(amount)::decimal(18,2), min(paid_at),
  any_value(status), arg_min(shop, order_no), arg_min(eid, order_no), count(*)::integer
from orders where payment_no is not null group by payment_no;

create table joined as
select l.lid, l.wallet, l.account, l.order_no as line_no, l.txn, l.moment, l.gross, l.settled, l.fee, l.rate, l.priced,
  u.eid, u.payment_no, u.order_no, u.wallet as stated, u.account as stated_account, u.txn as stated_txn, u.amount, u.paid_at, u.status, u.shop, u.orders,
  case when l.lid is null or u.eid is null then 0
    when (u.wallet is null or u.wallet = l.wallet) and (u.account is null or u.account = l.account) then 1
    when u.wallet <> l.wallet and u.txn is null then 2 else 0 end::tinyint as pass
from (from lines where not is_refund) l full join units u on l.order_no = u.number;

-- An order paid twice: the line that is exact, then the earliest, keeps it.
create table losers as
select lid from joined where pass > 0 and eid in (select eid from joined where pass > 0 group by eid having count(*) > 1)
qualify row_number() over (partition by eid order by pass, gross <> amount, moment, lid) > 1;

-- Pass 3: only the provider's number joins these.
create table by_provider as
select l.lid, l.wallet, l.account, l.txn, l.gross, u.eid, u.order_no, u.payment_no, u.amount, u.shop, u.orders
from (from joined where pass = 0 and lid is not null) l join (from joined where pass = 0 and eid is not null) u on u.stated_txn = l.txn
where (u.stated is null or u.stated = l.wallet) and (u.stated_account is null or u.stated_account = l.account);

-- A payment that was taken back at the till (撤销), for an order that expects no money:
-- both lines settle nothing.
create table refund_rows as from lines where is_refund;
create table revoked as
select j.lid, r.lid as revoke_lid from (from joined where pass > 0 and status not in ('paid', 'refunded')) j
join (from refund_rows where kind = 'revoke') r on r.txn = j.txn and r.wallet = j.wallet and r.account = j.account and r.gross = -j.gross;

create view pairs as
select lid, eid, wallet, account, txn, order_no, payment_no, gross, amount, shop, orders, pass,
  case when status not in ('paid', 'refunded') then 'status' when pass = 2 then 'wallet' when gross <> amount then 'amount' else 'equal' end as verdict
from joined where pass > 0 and lid not in (from losers) and lid not in (select lid from revoked)
union all
select lid, eid, wallet, account, txn, order_no, payment_no, gross, amount, shop, orders, 3, case when gross <> amount then 'amount' else 'equal' end
from by_provider;

create table left_lines as
select lid, wallet, account, line_no, txn, moment, gross, lid in (from losers) as again
from joined where lid is not null and (pass = 0 or lid in (from losers)) and lid not in (select lid from by_provider);
create table left_units as
select eid, order_no, payment_no, stated as wallet, stated_account as account, stated_txn as txn, amount, paid_at, status, shop
from joined where eid is not null and pass = 0 and eid not in (select eid from by_provider);

-- What each line should have cost: WeChat Pay by the row's own rate, Alipay by the
-- assumed preset; a refund never returns more than is left of its payment's fee.
create macro due(settled, rate) as round(abs(settled) * coalesce(rate, 0.006), 2)::decimal(18,2);
create macro classed(expected, charged, is_refund, settled, gross, coupon, rate) as case
  when expected is null then 'rule_missing' when expected = charged then 'match'
  when is_refund and abs(expected - charged) <= 0.01 then 'rounding_residual'
  when is_refund and charged = 0 then 'fee_not_returned' when charged = 0 then 'unbilled'
  when abs(charged) in (due(settled, rate), due(gross, rate), due(abs(gross) - abs(coupon), rate), due(abs(settled) - abs(coupon), rate)) then 'base_mismatch'
  when charged = 2 * expected then 'double_billed' else 'rate_mismatch' end;

-- Refunds: by the payment's number and the refund's; whole refunds by the former alone.
create table refunded as select txn, wallet, gross, fee from joined where txn in (select txn from refund_rows);
create table refund_lines as
select * exclude (paid_fee, returned), case when priced > 0 then -least(case when settles then due(settled, rate) else 0 end,
  case when paid_fee is null then 9999999 else greatest(paid_fee - returned, 0) end)::decimal(18,2) end as expected
from (
  select l.*, p.gross as paid, -p.fee as paid_fee,
  sum(case when l.settles then l.gross else 0 end) over w as so_far, coalesce(sum(case when l.settles then l.fee else 0 end) over (w rows between unbounded preceding and 1 preceding), 0) as returned
from refund_rows l left join refunded p on p.txn = l.txn and p.wallet = l.wallet
window w as (partition by l.txn, l.wallet order by l.moment, l.lid)
);

-- Those that settle and are not cancelled by a payment.
create view payable as from refund_lines where settles and lid not in (select revoke_lid from revoked);

create table numbered as
select r.*, coalesce(o.payment_no, r.order_no) as number, o.shop
from refunds r left join (select order_no, payment_no, shop from orders where order_no in (select order_no from refunds)) o using (order_no);

create table refund_pairs as
select l.lid, r.eid, r.order_no, r.amount, r.status, r.shop
from numbered r
join payable l on l.order_no = r.number and l.refund_no = r.refund_no
union all
select l.lid, w.eid + 1, w.order_no, -w.amount, 'success', w.shop
from (from joined where status = 'refunded' and order_no not in (select order_no from refunds)) w
join payable l on l.order_no = coalesce(w.payment_no, w.order_no) and (w.stated is null or w.stated = l.wallet) and (w.lid is null or w.lid not in (from losers));

-- A refund is missing where its order was paid, else where its order says.
create table left_refunds as
select r.eid, r.order_no, r.refund_no, r.amount, r.status, r.refunded_at, any_value(r.shop) as shop,
  any_value(coalesce(j.wallet, j.stated)) as wallet, any_value(coalesce(j.account, j.stated_account)) as account
from (from numbered where eid not in (select eid from refund_pairs)) r
left join (from joined where eid is not null) j on coalesce(j.payment_no, j.order_no) = r.number group by all;
