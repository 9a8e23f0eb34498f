-- The same for refunds: by their number, or where one side has none by the order's.
insert into refund_claims
with candidates as (
  select e.eid, l.lid, row_number() over (partition by e.eid order by l.place) as line_choice,
    row_number() over (partition by l.lid order by e.rank, e.moment nulls first, e.amount, e.eid) as event_choice
  from free_refunds e join numbers n using (eid) join free_refund_lines l using (number)
  where (not $exact or l.gross = e.amount)
    and case when $by_number then e.refund_no = l.refund_no else e.refund_no is null or l.refund_no is null end
    and fits_wallet(e.wallet, l.wallet) and fits_account(e.account, l.account)
)
select eid, lid, 1 from candidates where line_choice = 1 and event_choice = 1;
