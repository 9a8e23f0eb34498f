-- What the claiming steps of oracle.py write. A line is claimed once, an event once.
create macro fits_wallet(stated, line) as stated is null or stated = line;
create macro fits_account(stated, line) as stated is null or line is null or stated = line;

create table unit_claims (uid bigint, lid bigint, pass int, undone boolean);
create table refund_claims (eid bigint, lid bigint, pass int);
create table revokes (lid bigint);

-- Lines compete earliest first, then by line_id, which only the program can make: it
-- is taken from its table, and decides nothing else.
create table ranked_lines as
select l.*, row_number() over (order by moment, line_id) as place
from lines l left join identities i on i.wallet = l.wallet and i.kind = l.kind and i.txn = l.txn
  and i.refund_no is not distinct from l.refund_no and i.refund_id is not distinct from l.refund_id;

create view free_payments as from ranked_lines where kind = 'payment' and lid not in (select lid from unit_claims);
create view free_refund_lines as from ranked_lines where kind <> 'payment' and settles
  and lid not in (select lid from refund_claims) and lid not in (select lid from revokes);
create view free_units as from units where uid not in (select uid from unit_claims);
create view free_refunds as select e.*, case status when 'success' then 1 when 'processing' then 2 else 3 end as rank
  from events e where kind = 'refund' and eid not in (select eid from refund_claims);
