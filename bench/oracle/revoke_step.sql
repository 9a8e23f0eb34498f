-- A payment for an order that expects no money, and its revoke (撤销), cancel.
insert into revokes
select r.lid from unit_claims c join units u using (uid) join lines l using (lid)
join free_refund_lines r on r.kind = 'revoke' and r.wallet = l.wallet and r.account = l.account and r.txn = l.txn and r.gross = -l.gross
where u.class = 'no money' qualify row_number() over (partition by l.lid order by r.place) = 1;
update unit_claims set undone = true from units u, lines l
where u.uid = unit_claims.uid and u.class = 'no money' and l.lid = unit_claims.lid
  and exists (from revokes v join lines r using (lid) where r.txn = l.txn and r.wallet = l.wallet);
