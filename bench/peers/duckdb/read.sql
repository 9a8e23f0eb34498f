create macro utc(local) as make_timestamptz(epoch_us(local) - 28800000000);
create type line_kind as enum ('payment', 'refund', 'revoke');
create type wallet as enum ('alipay', 'wechat');
create type order_status as enum ('paid', 'unpaid', 'closed', 'cancelled', 'refunded');
create type refund_status as enum ('success', 'processing', 'failed');

-- Bills and extracts into typed columns, once. Free text can hold anything, so
-- nothing is quoted in the bills; the rows of their footers are short and dropped.

create table lines as
with alipay as (
  select
    rtrim(txn, E'\t') as txn, rtrim(order_no_raw, E'\t') as order_no_raw, kind = E'退款\t' as is_refund, finished as moment,
    gross, settled, case when kind = E'退款\t' then -abs(merchant) else abs(merchant) end as coupon, rtrim(refund_no, E'\t') as refund_no, abs(fee) as fee
  from read_csv($alipay, header = false, skip = 5, delim = ',', quote = '', escape = '', auto_detect = false, null_padding = true, columns = {
    'txn': 'VARCHAR', 'order_no_raw': 'VARCHAR', 'kind': 'VARCHAR', 'product': 'VARCHAR', 'created': 'VARCHAR', 'finished': 'TIMESTAMP',
    'store': 'VARCHAR', 'store_name': 'VARCHAR', 'operator': 'VARCHAR', 'terminal': 'VARCHAR', 'buyer': 'VARCHAR',
    'gross': 'DECIMAL(18,2)', 'settled': 'DECIMAL(18,2)', 'packet': 'VARCHAR', 'points': 'VARCHAR', 'alipay': 'VARCHAR',
    'merchant': 'DECIMAL(18,2)', 'voucher': 'VARCHAR', 'voucher_name': 'VARCHAR', 'merchant_packet': 'VARCHAR', 'card': 'VARCHAR',
    'refund_no': 'VARCHAR', 'fee': 'DECIMAL(18,2)', 'shared': 'VARCHAR', 'note': 'VARCHAR'})
  where kind is not null
), wechat as (
  select substr(moment, 2)::timestamp as moment, account, nullif(sub, '0') as sub, txn, order_no, trade_type, state, state <> 'SUCCESS' as is_refund, settled, coupon, nullif(refund_id, '0') as refund_id, nullif(refund_no, '0') as refund_no,
    settled_back, coupon_back, refund_state, fee, rate, gross, gross_back
  from read_csv($wechat, header = false, skip = 1, delim = ',`', quote = '', escape = '', auto_detect = false, null_padding = true, columns = {
    'moment': 'VARCHAR', 'app': 'VARCHAR', 'account': 'VARCHAR', 'sub': 'VARCHAR', 'device': 'VARCHAR', 'txn': 'VARCHAR', 'order_no': 'VARCHAR',
    'openid': 'VARCHAR', 'trade_type': 'VARCHAR', 'state': 'VARCHAR', 'bank': 'VARCHAR', 'currency': 'VARCHAR', 'settled': 'DECIMAL(18,2)',
    'coupon': 'DECIMAL(18,2)', 'refund_id': 'VARCHAR', 'refund_no': 'VARCHAR', 'settled_back': 'DECIMAL(18,2)', 'coupon_back': 'DECIMAL(18,2)',
    'refund_type': 'VARCHAR', 'refund_state': 'VARCHAR', 'product': 'VARCHAR', 'packet': 'VARCHAR', 'fee': 'DECIMAL(18,2)', 'rate': 'VARCHAR',
    'gross': 'DECIMAL(18,2)', 'gross_back': 'DECIMAL(18,2)', 'note': 'VARCHAR'})
  where trade_type is not null
)
select 'alipay'::wallet as wallet, $pid as account, null::varchar as sub_account, is_refund, case when is_refund then 'refund' else 'payment' end::line_kind as kind, true as settles,
  case when order_no_raw like 'T%' then substr(order_no_raw, instr(order_no_raw, 'P') + 1) else order_no_raw end as order_no, order_no_raw,
  case when is_refund then refund_no end as refund_no, txn, null::varchar as refund_id,
  moment, gross, settled,
  case when is_refund then fee else -fee end as fee, coupon, null::decimal(9,6) as rate,
  case when is_refund then '退款' else '交易' end as raw_type, null::varchar as refund_state,
  case when not is_refund and order_no_raw not like 'T%' then 2 else 0 end::tinyint as priced, hash(1, txn, is_refund, refund_no) as lid
from alipay
union all
select 'wechat', account, sub, is_refund, case state when 'SUCCESS' then 'payment' when 'REFUND' then 'refund' else 'revoke' end, not is_refund or refund_state not in ('FAIL', 'CHANGE'), order_no, order_no, case when is_refund then refund_no end, txn, case when is_refund then refund_id end, moment,
  case when is_refund then -gross_back else gross end, case when is_refund then -settled_back else settled end, -fee,
  case when is_refund then -coupon_back else coupon end, case when rate = '0.60%' then 0.006 else (rtrim(rate, '%')::decimal(9,4) / 100)::decimal(9,6) end,
  case when is_refund then trade_type || '/' || state || '/' || refund_state else trade_type || '/SUCCESS' end, case when is_refund then refund_state end,
  1, hash(2, txn, state, refund_id)
from wechat;

create table orders as
select order_no, nullif(wallet, '')::wallet as wallet, amount, paid_at, status, shop, nullif(account, '') as account, nullif(payment_no, '') as payment_no,
  nullif(provider_txn_id, '') as txn, hash(3, order_no, payment_no) as eid
from read_csv($orders, header = true, delim = ',', quote = '"', escape = '"', auto_detect = false, columns = {
  'order_no': 'VARCHAR', 'wallet': 'VARCHAR', 'amount': 'DECIMAL(18,2)', 'paid_at': 'TIMESTAMP', 'status': 'order_status', 'shop': 'VARCHAR', 'platform': 'VARCHAR',
  'account': 'VARCHAR', 'payment_no': 'VARCHAR', 'provider_txn_id': 'VARCHAR', 'home_wallet': 'VARCHAR'});

create table refunds as
select order_no, refund_no, -amount as amount, refunded_at, status, hash(4, order_no, refund_no) as eid
from read_csv($refunds, header = true, delim = ',', quote = '"', escape = '"', auto_detect = false, columns = {
  'order_no': 'VARCHAR', 'refund_no': 'VARCHAR', 'amount': 'DECIMAL(18,2)', 'refunded_at': 'TIMESTAMP', 'status': 'refund_status'});
