-- What the merchant expects: one event for every order that is a payment, every
-- listed refund, and every order that is refunded without a listed refund.

create table event_rows as
select 'payment' as kind, nullif(order_no, '') as order_no, nullif(nullif(payment_no, ''), order_no) as payment_no, cast(null as varchar) as refund_no,
  nullif(wallet, '') as wallet, nullif(account, '') as account, nullif(provider_txn_id, '') as txn,
  fen(nullif(payout_amount, '')) as payout, fen(amount) as asked, instant(nullif(paid_at, '')) as paid_at,
  instant(nullif(confirmed_at, '')) as confirmed_at, cast(null as timestamp) as succeeded_at, status, $escrow as escrow
from orders_text
union all
select 'refund', nullif(order_no, ''), null, nullif(refund_no, ''), null, null, null, null, -fen(amount),
  instant(nullif(refunded_at, '')), null, instant(nullif(succeeded_at, '')), status, false
from refunds_text;

-- The orders speak up to their latest time, the list of refunds up to the latest of both.
create table watermark as select max(greatest(paid_at, confirmed_at)) filter (where kind = 'payment') as orders,
  max(greatest(paid_at, confirmed_at, succeeded_at)) as refunds from event_rows;

-- Rows that agree in all that tells events apart are one event; of their statuses the
-- one that has come furthest stands.
create table listed as
select *, case status when 'unpaid' then 1 when 'processing' then 1 when 'paid' then 2 when 'failed' then 2 when 'refunded' then 4 else 3 end as progress
from event_rows
qualify row_number() over (partition by kind, order_no, payment_no, refund_no, wallet, account, txn, payout, asked,
  case when refund_no is null then paid_at end order by progress desc, paid_at desc nulls last) = 1;

create table events as
with payments as (
  select kind, order_no, payment_no, refund_no, wallet, account, txn, status, escrow, confirmed_at,
    case when escrow then coalesce(payout, asked) else asked end as asked, payout,
    case when escrow then confirmed_at else paid_at end as moment, false as by_success, false as whole
  from listed where kind = 'payment'
), refunds as (
  select kind, order_no, payment_no, refund_no, wallet, account, txn, status, escrow, confirmed_at, asked, payout,
    coalesce(paid_at, succeeded_at) as moment, paid_at is null as by_success, false as whole
  from listed where kind = 'refund'
), whole as (
  select 'refund' as kind, order_no, payment_no, cast(null as varchar) as refund_no, wallet, account, txn, 'success' as status, false as escrow,
    cast(null as timestamp) as confirmed_at, -listed.asked as asked, cast(null as bigint) as payout, cast(null as timestamp) as moment, true as by_success, true as whole
  from listed where kind = 'payment' and status = 'refunded' and listed.asked > 0
    and not exists (from listed r where r.kind = 'refund' and r.order_no = listed.order_no)
)
select row_number() over (order by kind, order_no, payment_no, refund_no, moment, asked) as eid, * exclude (asked), asked as amount
from (from payments union all from refunds union all from whole);

-- Escrow: a successful refund before the release expects no line, and reduces the
-- payout unless the orders state it.
create table before_release as
select r.eid, -r.amount as amount, o.eid as order_eid, o.payout is null as reduces
from events r join events o on o.kind = 'payment' and o.order_no = r.order_no and o.escrow
where r.kind = 'refund' and r.status = 'success' and (o.confirmed_at is null or r.moment < o.confirmed_at);
update events set amount = greatest(amount - taken, 0)
from (select order_eid, sum(amount) as taken from before_release where reduces group by order_eid) t where events.eid = t.order_eid;

-- Numbers under which a wallet may know an event. A refund is known under those of
-- its order's payments.
create table numbers as
select eid, coalesce(payment_no, order_no) as number from events where kind = 'payment' or whole
union
select r.eid, coalesce(o.payment_no, r.order_no) from events r left join events o on o.kind = 'payment' and o.order_no = r.order_no
where r.kind = 'refund' and not r.whole;

-- Units: one expected payment, of one order or of the shares of several.
create table shares as
select eid, coalesce(payment_no, order_no) as number, order_no, payment_no, wallet, account, txn, amount, moment, status,
  case when status not in ('paid', 'refunded') or amount = 0 then 'no money'
       when escrow and confirmed_at is null then 'awaiting' else 'due' end as class
from events where kind = 'payment';
create table units as
select min(eid) as uid, number, any_value(payment_no) as payment_no, wallet, account, arg_min(txn, eid) as txn, arg_min(order_no, eid) as order_no,
  arg_min(status, eid) as status, sum(amount)::bigint as amount, min(moment) as moment, class, list(eid order by eid) as shares,
  case class when 'no money' then 4 when 'awaiting' then 3 else case when wallet is null then 2 else 1 end end as rank
from shares
group by number, wallet, account, class, case when payment_no is null or class <> 'due' then eid end;
