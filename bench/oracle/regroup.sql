-- For pass 3 what is left is grouped anew: the shares of one payment are those that
-- carry one provider's number, whatever their own numbers; unless one of them alone is
-- the payment to the fen, since shares sum to it exactly.
create table left_shares as select s.* from shares s join free_units u on list_contains(u.shares, s.eid);
delete from units where uid in (select uid from free_units);
create table alone as
select distinct txn from (select txn, sum(amount) as together, list(amount) as amounts from left_shares where class = 'due' group by txn, wallet, account)
join free_payments l using (txn) where l.gross <> together and list_contains(amounts, l.gross);
insert into units
select 1000000000 + min(eid), arg_min(number, eid), arg_min(payment_no, eid), wallet, account, txn, arg_min(order_no, eid), arg_min(status, eid),
  sum(amount)::bigint, min(moment), class, list(eid order by eid), case class when 'no money' then 4 when 'awaiting' then 3 else case when wallet is null then 2 else 1 end end
from left_shares
group by wallet, account, txn, class, case when txn is null then number end,
  case when class <> 'due' or txn is null and payment_no is null or txn in (from alone) then eid end;
