-- Breaks, from what was claimed and what was left.

create macro inside(moment, by_success) as moment > $day + case when by_success then interval 7 day else interval 30 minute end
  and moment < $day + interval 1 day - case when by_success then interval 7 day else interval 30 minute end;
create table delivered as select distinct wallet, account from lines;
create macro covered(wallet_, account_) as exists (from delivered d where (wallet_ is null or d.wallet = wallet_) and (account_ is null or d.account = account_));

create table pairs as
select u.*, c.pass, c.undone, l.lid, l.gross, l.wallet as line_wallet, l.txn as line_txn
from unit_claims c join units u using (uid) join lines l using (lid);

create table found (kind varchar, wallet varchar, order_no varchar, refund_no varchar, txn varchar, expected bigint, actual bigint);

insert into found
select 'status_mismatch', line_wallet, order_no, null, line_txn, 0, gross from pairs
where class = 'no money' and not undone and status not in ('paid', 'refunded')
union all
select 'amount_mismatch', line_wallet, order_no, null, line_txn, 0, gross from pairs
where class = 'no money' and not undone and status in ('paid', 'refunded')
union all
select 'amount_mismatch', line_wallet, order_no, null, line_txn, amount, gross from pairs
where class <> 'no money' and amount <> gross
union all
select 'wallet_mismatch', line_wallet, order_no, null, line_txn, amount, gross from pairs
where class <> 'no money' and pass = 2;

-- Payments without a line.
insert into found
select 'missing_in_statement', s.wallet, s.order_no, null, s.txn, s.amount, null
from free_units u join shares s on list_contains(u.shares, s.eid)
where u.class = 'due' and inside(s.moment, false) and covered(s.wallet, s.account);

-- Payment lines without an order: more than expected of a known order, or unknown.
-- What pass 3 tied to another number counts on neither side.
create table expected_sums as
select l.lid, count(s.eid) > 0 as known, bool_or(s.account is null) as any_account,
  coalesce(sum(s.amount) filter (where s.class <> 'no money' and s.eid not in (select unnest(shares) from pairs where pass = 3)), 0) as expected
from free_payments l left join shares s on s.number = l.number and fits_account(s.account, l.account) group by l.lid;
create table paid_sums as
select s.lid, sum(o.gross) as paid
from expected_sums s join lines l using (lid) join lines o on o.kind = 'payment' and o.number = l.number
left join unit_claims c on c.lid = o.lid
where coalesce(c.pass, 0) <> 3 and (s.any_account or o.account = l.account) group by s.lid;

insert into found
select case when s.known and p.paid > s.expected then 'duplicate_payment' else 'missing_in_orders' end, l.wallet, l.order_no, null, l.txn,
  case when s.known and p.paid > s.expected then 0 end, l.gross
from free_payments l join expected_sums s using (lid) join paid_sums p using (lid), watermark w
where s.known and p.paid > s.expected or l.moment < w.orders;

-- Refunds.
create table refund_pairs as
select e.*, l.lid, l.gross, l.wallet as line_wallet, l.txn as line_txn, l.refund_no as line_refund_no
from refund_claims c join events e using (eid) join lines l using (lid);

insert into found
select 'status_mismatch', line_wallet, order_no, line_refund_no, line_txn, 0, gross from refund_pairs where status = 'failed'
union all
select 'amount_mismatch', line_wallet, order_no, line_refund_no, line_txn, amount, gross from refund_pairs where status <> 'failed' and amount <> gross;

-- Of an order with several payment numbers a refund is of the one that was not released
-- before it, else of one that expects money, else of the smallest.
create table sought as
select r.eid, s.order_no, s.number
from events r join shares s on s.order_no = r.order_no left join before_release b on b.eid = r.eid and b.order_eid = s.eid
where r.kind = 'refund' and (not r.whole or s.payment_no is not distinct from r.payment_no)
qualify row_number() over (partition by r.eid order by s.payment_no is null, b.eid is null, s.status not in ('paid', 'refunded'), s.number) = 1;

-- A refund is expected in the wallet that it states, else where that payment was made,
-- else where its order says that it was.
create table paid_in as
select r.eid, coalesce(l.wallet, s.wallet) as wallet, case when l.lid is null then s.account else l.account end as account
from sought r join shares s using (order_no, number) join units u on list_contains(u.shares, s.eid)
left join unit_claims c using (uid) left join lines l using (lid)
qualify row_number() over (partition by r.eid order by l.lid is null, u.rank, u.moment, u.amount) = 1;
insert into found
select 'refund_missing_in_statement', coalesce(e.wallet, p.wallet), e.order_no, e.refund_no, e.txn, e.amount, null
from free_refunds e left join paid_in p using (eid)
where e.status = 'success' and e.amount <> 0 and e.eid not in (select eid from before_release)
  and inside(e.moment, e.by_success) and covered(coalesce(e.wallet, p.wallet), coalesce(e.account, p.account));

insert into found
select 'refund_missing_in_orders', wallet, order_no, refund_no, txn, null, gross
from free_refund_lines l, watermark w where l.moment < w.refunds and $refunds_listed;

-- The refund that takes the refunds of a payment above it. Where the payment is not in
-- the bill, its order says what was paid.
insert into found
with paid as (
  select wallet, account, txn, arg_min(gross, place) as paid from ranked_lines where kind = 'payment' group by all
), back as (
  select l.*, sum(l.gross) over (partition by l.wallet, l.account, l.txn order by l.place) as so_far,
    coalesce(p.paid, (select sum(s.amount) from shares s join free_units u on list_contains(u.shares, s.eid) join events e using (eid)
      where s.number = l.number and s.class <> 'no money' and not e.escrow and fits_wallet(s.wallet, l.wallet) and fits_account(s.account, l.account))) as paid
  from ranked_lines l left join paid p using (wallet, account, txn) where l.kind <> 'payment' and l.settles
)
select 'refund_exceeds_payment', b.wallet, coalesce(r.order_no, b.order_no), b.refund_no, b.txn, -(paid + so_far - b.gross), b.gross
from back b left join refund_pairs r using (lid)
where paid is not null and paid + so_far < 0
qualify row_number() over (partition by b.wallet, b.account, b.txn order by b.place) = 1;
