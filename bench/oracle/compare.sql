-- Both sides in one shape: whatever stands on one side only is a difference.
create table differences as
with ours as (
  select kind, wallet, order_no, refund_no, provider_txn_id as txn, (expected_amount * 100)::bigint as expected, (actual_amount * 100)::bigint as actual,
    (difference * 100)::bigint as difference from our_breaks
), theirs as (
  select kind, wallet, order_no, refund_no, txn, expected, actual, coalesce(actual, 0) - coalesce(expected, 0) as difference from found
)
select 'breaks' as "table", side, (b::varchar) as row from (
  select 'reconcile' as side, b from (from ours except all from theirs) b
  union all select 'oracle', b from (from theirs except all from ours) b
);
insert into differences
with ours as (
  select l.wallet, l.account, l.kind, l.provider_txn_id as txn, l.refund_no, l.provider_refund_id as refund_id, c.order_no, c.rule_id as rule, (c.base_amount * 100)::bigint as base, (c.rate * 1000000)::bigint as rate,
    (c.expected_fee * 100)::bigint as expected, (c.charged_fee * 100)::bigint as charged, (c.variance * 100)::bigint as variance, c.variance_class as class
  from our_charges c join our_lines l using (line_id)
), theirs as (
  select wallet, account, kind, txn, refund_no, refund_id, order_no, rule, base, used, expected, charged, variance, class from expected_charges
)
select 'charges', side, b::varchar from (
  select 'reconcile' as side, b from (from ours except all from theirs) b
  union all select 'oracle', b from (from theirs except all from ours) b
);
