-- The unit that comes first for a line and the line that comes first for the unit
-- claim each other; units that come later wait for another round.
insert into unit_claims
with candidates as (
  select u.uid, l.lid, row_number() over (partition by u.uid order by l.place) as line_choice,
    row_number() over (partition by l.lid order by u.rank, u.moment nulls first, u.amount, u.uid) as unit_choice
  from free_units u join free_payments l on case $pass when 3 then u.txn = l.txn else u.number = l.number end
  where (u.class <> 'no money') = $expected and (not $exact or l.gross = u.amount)
    and case $pass
      when 2 then u.wallet is not null and u.txn is null and u.wallet <> l.wallet
      else fits_wallet(u.wallet, l.wallet) and fits_account(u.account, l.account) end
)
select uid, lid, $pass, false from candidates where line_choice = 1 and unit_choice = 1;
