-- The tables, as zstd Parquet. Sorting is left out.
copy (
  select l.lid::varchar as line_id, wallet, account, sub_account, kind, order_no, order_no_raw,
    refund_no, txn as provider_txn_id, refund_id as provider_refund_id, utc(moment) as occurred_at,
    case when is_refund and wallet = 'wechat' then 'as_stated' else 'success' end as time_basis, $day::date as settled_on, gross as gross_amount,
    settled as settled_amount, fee as fee_amount, (settled + fee)::decimal(18,2) as net_amount, rate as fee_rate, 'CNY' as currency,
    coalesce(s.state, 'matched') as match_state, raw_type, case wallet when 'alipay' then $alipay_name else $wechat_name end as source_file, null::bigint as source_line,
    case refund_state when 'PROCESSING' then 'processing' when 'FAIL' then 'failed' when 'CHANGE' then 'changed' else 'success' end as status, coupon as coupon_amount
  from lines l left join states s using (lid)
) to $out_lines (format parquet, compression zstd, compression_level 1, parquet_version v2, dictionary_size_limit 1000, row_group_size 122880);

copy (
  select hash(lid, eid)::varchar as match_id, wallet, account, kind, order_no, refund_no, lid::varchar as line_id, eid::varchar as event_id,
    amount as order_amount, gross::decimal(18,2) as line_amount, (gross - amount)::decimal(18,2) as difference, rule, verdict, $day::date as settled_on, payment_no
  from (
    select lid, eid, wallet, account, 'payment' as kind, order_no, null as refund_no, amount, gross, payment_no, verdict,
      case pass when 1 then case when payment_no is null then '1 order number' else '1 payment number' end when 2 then '2 order number in another wallet' else '3 provider number' end as rule
    from pairs where orders = 1
    union all
    select p.lid, o.eid, p.wallet, p.account, 'payment', o.order_no, null, o.amount,
      case when o.order_no = max(o.order_no) over (partition by p.lid) then o.amount + p.gross - p.amount else o.amount end,
      p.payment_no, p.verdict, '1 payment number'
    from (from pairs where orders > 1) p join orders o on o.payment_no = p.payment_no
    union all
    select p.lid, p.eid, l.wallet, l.account, l.kind, p.order_no, l.refund_no, p.amount, l.gross, null,
      case when p.status = 'failed' then 'status' when p.amount <> l.gross then 'amount' else 'equal' end, '1 refund number'
    from refund_pairs p join refund_lines l using (lid)
  )
) to $out_matches (format parquet, compression zstd, compression_level 1, parquet_version v2, dictionary_size_limit 1000, row_group_size 122880);

copy (
  select hash(kind, wallet, account, order_no, payment_no, refund_no, txn)::varchar as break_id, kind, wallet, account, order_no, refund_no,
    lid::varchar as line_id, eid::varchar as event_id, expected::decimal(18,2) as expected_amount, actual::decimal(18,2) as actual_amount,
    (coalesce(actual, 0) - coalesce(expected, 0))::decimal(18,2) as difference, 'CNY' as currency, $day::date as first_seen_on, 0::bigint as age_days, 'open' as status,
    null::date as closed_on, kind as reason, null::varchar as suggestion, case wallet when 'alipay' then $alipay_name else $wechat_name end as source_file, null::bigint as source_line,
    payment_no, txn as provider_txn_id, shop
  from breaks
) to $out_breaks (format parquet, compression zstd, compression_level 1, parquet_version v2, dictionary_size_limit 1000, row_group_size 122880);

copy (
  select lid::varchar as line_id, wallet, account, order_no, kind as event, 'channel' as component,
    case priced when 1 then 'own_rate' when 2 then 'alipay_acquiring_standard' end as rule_id, case when priced > 0 then '1' end as rule_version,
    case when settles then abs(settled) else 0 end::decimal(18,2) as base_amount, case priced when 1 then rate when 2 then 0.006 end::decimal(9,6) as rate, expected as expected_fee, -fee as charged_fee, (expected + fee)::decimal(18,2) as variance,
    classed(expected, -fee, is_refund, settled, gross, coupon, rate) as variance_class, priced = 2 as assumed, $day::date as settled_on
  from (
    select * exclude (sub_account), case when priced > 0 then due(settled, rate) end as expected from lines where not is_refund
    union all by name
    select * exclude (sub_account, paid, so_far) from refund_lines
  )
) to $out_charges (format parquet, compression zstd, compression_level 1, parquet_version v2, dictionary_size_limit 1000, row_group_size 122880);

copy (
  with parts as (
    -- payment lines and the orders that they were claimed for
    select $day::date as day, j.wallet, j.account, case when j.pass > 0 and j.lid not in (from losers) then coalesce(j.shop, '') else coalesce(p.shop, '') end as shop,
      case when j.lid in (select lid from revoked) then 0 when j.pass > 0 and j.lid not in (from losers) then j.orders else coalesce(p.orders, 0) end as events, 1 as lines, case when s.lid is null then 1 else 0 end as matched,
      j.gross, 0::decimal(18,2) as refunds, case when j.priced > 0 then due(j.settled, j.rate) else 0 end as expected, -j.fee as charged,
      case when j.priced > 0 then due(j.settled, j.rate) + j.fee else 0 end as variance, j.settled + j.fee as net, 0 as breaks, 0 as open
    from (from joined where lid is not null) j left join states s using (lid) left join by_provider p using (lid)
    union all
    select $day::date, l.wallet, l.account, coalesce(p.shop, ''), case when p.lid is null then 0 else 1 end, 1, case when s.lid is null then 1 else 0 end, 0, case when l.settles then l.gross else 0 end,
      coalesce(l.expected, 0), -l.fee, coalesce(l.expected + l.fee, 0), case when l.settles then l.settled + l.fee else 0 end, 0, 0
    from refund_lines l left join refund_pairs p using (lid) left join states s using (lid)
    union all
    select paid_at::date, wallet, account, coalesce(shop, ''), 1, 0, 0, 0, 0, 0, 0, 0, 0, 0,
      case when paid_at > getvariable('opens') and paid_at < getvariable('closes') then 0 else 1 end
    from left_units where status in ('paid', 'refunded')
    union all
    select refunded_at::date, null, null, coalesce(shop, ''), 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 from left_refunds where status <> 'failed'
    union all
    select refunded_at::date, wallet, account, coalesce(shop, ''), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1 from left_refunds
    where status = 'processing' or status = 'success' and not (refunded_at > getvariable('opens') and refunded_at < getvariable('closes'))
    union all
    select $day::date, wallet, account, coalesce(shop, ''), 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0 from breaks
    union all
    select $day::date, wallet, account, '', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1 from (
      select wallet, account, lid from left_lines union all select wallet, account, lid from refund_lines) where lid in (select lid from states where state = 'open')
  )
  select day as settled_on, wallet, account, shop, 'CNY' as currency, sum(events)::bigint as events, sum(lines)::bigint as lines, sum(matched)::bigint as matched,
    sum(breaks)::bigint as breaks, sum(gross)::decimal(18,2) as gross, sum(refunds)::decimal(18,2) as refunds, sum(expected)::decimal(18,2) as expected_fees,
    sum(charged)::decimal(18,2) as charged_fees, sum(variance)::decimal(18,2) as fee_variance, sum(net)::decimal(18,2) as net, null::decimal(18,2) as withdrawal_fees,
    null::decimal(18,2) as cross_wallet_fees, case when sum(gross) + sum(refunds) > 0 then round(sum(charged)::decimal(38,2) * 10000 / (sum(gross) + sum(refunds)))::bigint end as cost_bps,
    sum(open)::bigint as open_items
  from parts group by all
) to $out_summary (format parquet, compression zstd, compression_level 1, parquet_version v2, dictionary_size_limit 1000, row_group_size 122880);
