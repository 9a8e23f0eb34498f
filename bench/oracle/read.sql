-- The files as text: every line of a bill is one value, cut into fields by the rules
-- of its format and looked up by the header's names.

create macro field(fields, header, name) as nullif(trim(fields[list_position(header, name)], E' \t'), '');
-- Yuan to fen without a float.
create macro fen(text) as cast(cast(text as decimal(18, 5)) * 100 as bigint);
create macro instant(text) as cast(text as timestamp);

create table alipay_text as
select filename as file, cast(row_number() over () as bigint) as n, rtrim(line, E'\r') as line
from read_csv($alipay, columns = {'line': 'VARCHAR'}, delim = '', quote = '', escape = '',
              header = false, auto_detect = false, filename = true, parallel = false);

create table wechat_text as
select filename as file, cast(row_number() over () as bigint) as n, rtrim(ltrim(line, chr(65279)), E'\r') as line
from read_csv($wechat, columns = {'line': 'VARCHAR'}, delim = '', quote = '', escape = '',
              header = false, auto_detect = false, filename = true, parallel = false);

-- 业务明细: signs are in the file; of the fee the magnitude counts and the kind of row
-- gives the direction.
create table alipay_lines as
with account as (
  select any_value(regexp_extract(line, '\[(\d{16})0156\]', 1)) as account,
         any_value(strptime(regexp_extract(line, '起始日期：\[(\d+年\d+月\d+日)', 1), '%Y年%m月%d日')) filter (where line like '#起始日期%') as day
  from alipay_text where line like '#账号%' or line like '#起始日期%'
), header as (
  select string_split(any_value(line), ',') as h from alipay_text where line like '支付宝交易号,%'
), rows as (
  select string_split(line, ',') as f, h from alipay_text, header
  where line not like '#%' and line not like '支付宝交易号,%' and line <> ''
)
select 'alipay' as wallet, (select account from (select max(account) as account from account)) as account,
  case field(f, h, '业务类型') when '交易' then 'payment' when '退款' then 'refund' else error('业务类型') end as kind,
  regexp_replace(field(f, h, '商户订单号'), '^T\d+N?P', '') as order_no,
  field(f, h, '商户订单号') as order_no_raw,
  case field(f, h, '业务类型') when '退款' then field(f, h, '退款批次号/请求号') end as refund_no,
  field(f, h, '支付宝交易号') as txn, cast(null as varchar) as refund_id,
  instant(field(f, h, '完成时间')) as moment,
  fen(field(f, h, '订单金额（元）')) as gross, fen(field(f, h, '商家实收（元）')) as settled,
  case field(f, h, '业务类型') when '退款' then 1 else -1 end * abs(fen(field(f, h, '服务费（元）'))) as fee,
  abs(fen(field(f, h, '商家优惠（元）'))) as coupon, cast(null as bigint) as rate,
  true as settles, 0 as rank
from rows;

-- 交易账单: one row shape for ALL, SUCCESS and REFUND, current and legacy.
create table wechat_lines as
with header as (
  select file, string_split(any_value(line), ',') as h from wechat_text where line like '交易时间,%' group by file
), rows as (
  select list_transform(string_split(line, ',`'), lambda x: ltrim(x, '`')) as f, h
  from wechat_text join header using (file) where line like '`%'
), named as (
  select f, h, field(f, h, '交易状态') as state, list_contains(h, '总金额') as legacy from rows where len(f) = len(h)
), cells as (
  select state, legacy, list_contains(h, '退款成功时间') or not list_contains(h, '微信退款单号') as part,
    field(f, h, '商户号') as account, field(f, h, '微信订单号') as txn, field(f, h, '商户订单号') as order_no,
    nullif(field(f, h, '微信退款单号'), '0') as refund_id, nullif(field(f, h, '商户退款单号'), '0') as refund_no,
    coalesce(case when state <> 'SUCCESS' then coalesce(field(f, h, '退款成功时间'), field(f, h, '退款申请时间')) end, field(f, h, '交易时间')) as moment,
    fen(coalesce(field(f, h, '应结订单金额'), field(f, h, '总金额'))) as settled,
    fen(coalesce(field(f, h, '订单金额'), field(f, h, '总金额'))) as gross,
    fen(coalesce(field(f, h, '代金券金额'), field(f, h, '企业红包金额'))) as coupon,
    fen(field(f, h, '退款金额')) as settled_back,
    fen(coalesce(field(f, h, '申请退款金额'), field(f, h, '退款金额'))) as gross_back,
    fen(coalesce(field(f, h, '充值券退款金额'), field(f, h, '企业红包退款金额'))) as coupon_back,
    fen(field(f, h, '手续费')) as fee,
    cast(cast(rtrim(field(f, h, '费率'), '%') as decimal(9, 4)) * 10000 as bigint) as rate,
    field(f, h, '退款状态') as refund_state
  from named
)
select 'wechat' as wallet, account, case state when 'SUCCESS' then 'payment' when 'REFUND' then 'refund' when 'REVOKED' then 'revoke' else error('交易状态') end as kind,
  order_no, order_no as order_no_raw, refund_no, txn, refund_id, instant(moment) as moment,
  case state when 'SUCCESS' then gross else -gross_back end as gross,
  case state when 'SUCCESS' then settled else -settled_back end as settled,
  -fee as fee, case state when 'SUCCESS' then coupon else coupon_back end as coupon, rate,
  coalesce(refund_state not in ('FAIL', 'CHANGE'), true) as settles,
  case when part then 1 else 0 end as rank
from cells;

-- A line that several files show counts once: ALL before SUCCESS and REFUND.
create table lines as
select row_number() over (order by wallet, txn, kind, refund_no, refund_id) as lid, *, coalesce(order_no, txn) as number
from (select * from alipay_lines union all by name select * from wechat_lines)
qualify row_number() over (partition by wallet, account, txn, kind,
    case wallet when 'alipay' then refund_no else refund_id end order by rank) = 1;
