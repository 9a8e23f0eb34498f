-- Charges: what each line should have cost by the rate that its own row prints, else
-- by the preset of its wallet, rounded half up for the row.

create macro half_up(rate, base) as (base * rate + 500000) // 1000000;

-- What a payment's earlier refunds left of its fee limits what a refund returns.
create table held as
with charged as (
  select wallet, account, txn, sum(-fee) as charged from lines where kind = 'payment' and settles group by all
)
select l.lid, greatest(c.charged - coalesce(sum(case when l.settles then l.fee else 0 end) over (
    partition by l.wallet, l.account, l.txn order by l.place rows between unbounded preceding and 1 preceding), 0), 0) as held
from ranked_lines l join charged c using (wallet, account, txn) where l.kind <> 'payment';

create table expected_charges as
with priced as (
  select l.*, case when settles then abs(settled) else 0 end as base, -fee as charged,
    case when rate is not null then 'own_rate' when wallet = 'alipay' and kind = 'payment' and not regexp_matches(order_no_raw, '^T\d+N?P') then 'alipay_acquiring_standard' end as rule,
    case when rule is not null then coalesce(rate, 6000) end as used, h.held
  from lines l left join held h using (lid)
), expected as (
  select *, case when rule is null then null when kind = 'payment' then half_up(used, base)
    else -least(half_up(used, base), coalesce(held, half_up(used, base))) end as expected
  from priced
)
select *, expected - charged as variance,
  case when expected is null then 'rule_missing'
    when expected = charged then 'match'
    when kind <> 'payment' and abs(expected - charged) <= 1 then 'rounding_residual'
    when kind <> 'payment' and charged = 0 then 'fee_not_returned'
    when charged = 0 then 'unbilled'
    when list_contains(list_transform(list_filter([abs(settled), abs(gross), abs(gross) - abs(coupon), abs(settled) - abs(coupon)], lambda b: b > 0),
        lambda b: half_up(used, b)), case when kind = 'payment' then charged else -charged end) then 'base_mismatch'
    when charged = 2 * expected then 'double_billed'
    else 'rate_mismatch' end as class
from expected;

insert into found
select 'fee_variance', wallet, order_no, refund_no, txn, -expected, fee from expected_charges
where class not in ('match', 'rounding_residual', 'rule_missing') and rule = 'own_rate';
