package main

import (
	"os"
	"path/filepath"

	"github.com/xitongsys/parquet-go-source/local"
	"github.com/xitongsys/parquet-go/parquet"
	"github.com/xitongsys/parquet-go/writer"
)

type lineRow struct {
	LineID     string  `parquet:"name=line_id, type=BYTE_ARRAY, convertedtype=UTF8"`
	Wallet     string  `parquet:"name=wallet, type=BYTE_ARRAY, convertedtype=UTF8, encoding=PLAIN_DICTIONARY"`
	Account    string  `parquet:"name=account, type=BYTE_ARRAY, convertedtype=UTF8, encoding=PLAIN_DICTIONARY"`
	SubAccount *string `parquet:"name=sub_account, type=BYTE_ARRAY, convertedtype=UTF8"`
	Kind       string  `parquet:"name=kind, type=BYTE_ARRAY, convertedtype=UTF8, encoding=PLAIN_DICTIONARY"`
	OrderNo    string  `parquet:"name=order_no, type=BYTE_ARRAY, convertedtype=UTF8"`
	OrderNoRaw string  `parquet:"name=order_no_raw, type=BYTE_ARRAY, convertedtype=UTF8"`
	RefundNo   *string `parquet:"name=refund_no, type=BYTE_ARRAY, convertedtype=UTF8"`
	Txn        string  `parquet:"name=provider_txn_id, type=BYTE_ARRAY, convertedtype=UTF8"`
	RefundID   *string `parquet:"name=provider_refund_id, type=BYTE_ARRAY, convertedtype=UTF8"`
	OccurredAt int64   `parquet:"name=occurred_at, type=INT64, convertedtype=TIMESTAMP_MICROS"`
	TimeBasis  string  `parquet:"name=time_basis, type=BYTE_ARRAY, convertedtype=UTF8, encoding=PLAIN_DICTIONARY"`
	SettledOn  int32   `parquet:"name=settled_on, type=INT32, convertedtype=DATE"`
	Gross      int64   `parquet:"name=gross_amount, type=INT64, convertedtype=DECIMAL, scale=2, precision=18"`
	Settled    int64   `parquet:"name=settled_amount, type=INT64, convertedtype=DECIMAL, scale=2, precision=18"`
	Fee        int64   `parquet:"name=fee_amount, type=INT64, convertedtype=DECIMAL, scale=2, precision=18"`
	Net        int64   `parquet:"name=net_amount, type=INT64, convertedtype=DECIMAL, scale=2, precision=18"`
	FeeRate    *int32  `parquet:"name=fee_rate, type=INT32, convertedtype=DECIMAL, scale=6, precision=9"`
	Currency   string  `parquet:"name=currency, type=BYTE_ARRAY, convertedtype=UTF8, encoding=PLAIN_DICTIONARY"`
	State      string  `parquet:"name=match_state, type=BYTE_ARRAY, convertedtype=UTF8, encoding=PLAIN_DICTIONARY"`
	RawType    string  `parquet:"name=raw_type, type=BYTE_ARRAY, convertedtype=UTF8, encoding=PLAIN_DICTIONARY"`
	SourceFile string  `parquet:"name=source_file, type=BYTE_ARRAY, convertedtype=UTF8, encoding=PLAIN_DICTIONARY"`
	SourceLine *int64  `parquet:"name=source_line, type=INT64"`
	Status     string  `parquet:"name=status, type=BYTE_ARRAY, convertedtype=UTF8, encoding=PLAIN_DICTIONARY"`
	Coupon     int64   `parquet:"name=coupon_amount, type=INT64, convertedtype=DECIMAL, scale=2, precision=18"`
}

type matchRow struct {
	MatchID     string  `parquet:"name=match_id, type=BYTE_ARRAY, convertedtype=UTF8"`
	Wallet      string  `parquet:"name=wallet, type=BYTE_ARRAY, convertedtype=UTF8, encoding=PLAIN_DICTIONARY"`
	Account     string  `parquet:"name=account, type=BYTE_ARRAY, convertedtype=UTF8, encoding=PLAIN_DICTIONARY"`
	Kind        string  `parquet:"name=kind, type=BYTE_ARRAY, convertedtype=UTF8, encoding=PLAIN_DICTIONARY"`
	OrderNo     string  `parquet:"name=order_no, type=BYTE_ARRAY, convertedtype=UTF8"`
	RefundNo    *string `parquet:"name=refund_no, type=BYTE_ARRAY, convertedtype=UTF8"`
	LineID      string  `parquet:"name=line_id, type=BYTE_ARRAY, convertedtype=UTF8"`
	EventID     string  `parquet:"name=event_id, type=BYTE_ARRAY, convertedtype=UTF8"`
	OrderAmount int64   `parquet:"name=order_amount, type=INT64, convertedtype=DECIMAL, scale=2, precision=18"`
	LineAmount  int64   `parquet:"name=line_amount, type=INT64, convertedtype=DECIMAL, scale=2, precision=18"`
	Difference  int64   `parquet:"name=difference, type=INT64, convertedtype=DECIMAL, scale=2, precision=18"`
	Rule        string  `parquet:"name=rule, type=BYTE_ARRAY, convertedtype=UTF8, encoding=PLAIN_DICTIONARY"`
	Verdict     string  `parquet:"name=verdict, type=BYTE_ARRAY, convertedtype=UTF8, encoding=PLAIN_DICTIONARY"`
	SettledOn   int32   `parquet:"name=settled_on, type=INT32, convertedtype=DATE"`
	PaymentNo   *string `parquet:"name=payment_no, type=BYTE_ARRAY, convertedtype=UTF8"`
}

type breakRow struct {
	BreakID     string  `parquet:"name=break_id, type=BYTE_ARRAY, convertedtype=UTF8"`
	Kind        string  `parquet:"name=kind, type=BYTE_ARRAY, convertedtype=UTF8, encoding=PLAIN_DICTIONARY"`
	Wallet      *string `parquet:"name=wallet, type=BYTE_ARRAY, convertedtype=UTF8, encoding=PLAIN_DICTIONARY"`
	Account     *string `parquet:"name=account, type=BYTE_ARRAY, convertedtype=UTF8, encoding=PLAIN_DICTIONARY"`
	OrderNo     string  `parquet:"name=order_no, type=BYTE_ARRAY, convertedtype=UTF8"`
	RefundNo    *string `parquet:"name=refund_no, type=BYTE_ARRAY, convertedtype=UTF8"`
	LineID      *string `parquet:"name=line_id, type=BYTE_ARRAY, convertedtype=UTF8"`
	EventID     *string `parquet:"name=event_id, type=BYTE_ARRAY, convertedtype=UTF8"`
	Expected    *int64  `parquet:"name=expected_amount, type=INT64, convertedtype=DECIMAL, scale=2, precision=18"`
	Actual      *int64  `parquet:"name=actual_amount, type=INT64, convertedtype=DECIMAL, scale=2, precision=18"`
	Difference  int64   `parquet:"name=difference, type=INT64, convertedtype=DECIMAL, scale=2, precision=18"`
	Currency    string  `parquet:"name=currency, type=BYTE_ARRAY, convertedtype=UTF8, encoding=PLAIN_DICTIONARY"`
	FirstSeenOn int32   `parquet:"name=first_seen_on, type=INT32, convertedtype=DATE"`
	AgeDays     int64   `parquet:"name=age_days, type=INT64"`
	Status      string  `parquet:"name=status, type=BYTE_ARRAY, convertedtype=UTF8, encoding=PLAIN_DICTIONARY"`
	ClosedOn    *int32  `parquet:"name=closed_on, type=INT32, convertedtype=DATE"`
	Reason      string  `parquet:"name=reason, type=BYTE_ARRAY, convertedtype=UTF8, encoding=PLAIN_DICTIONARY"`
	Suggestion  *string `parquet:"name=suggestion, type=BYTE_ARRAY, convertedtype=UTF8"`
	SourceFile  *string `parquet:"name=source_file, type=BYTE_ARRAY, convertedtype=UTF8, encoding=PLAIN_DICTIONARY"`
	SourceLine  *int64  `parquet:"name=source_line, type=INT64"`
	PaymentNo   *string `parquet:"name=payment_no, type=BYTE_ARRAY, convertedtype=UTF8"`
	Txn         *string `parquet:"name=provider_txn_id, type=BYTE_ARRAY, convertedtype=UTF8"`
	Shop        *string `parquet:"name=shop, type=BYTE_ARRAY, convertedtype=UTF8, encoding=PLAIN_DICTIONARY"`
}

type chargeRow struct {
	LineID      string  `parquet:"name=line_id, type=BYTE_ARRAY, convertedtype=UTF8"`
	Wallet      string  `parquet:"name=wallet, type=BYTE_ARRAY, convertedtype=UTF8, encoding=PLAIN_DICTIONARY"`
	Account     string  `parquet:"name=account, type=BYTE_ARRAY, convertedtype=UTF8, encoding=PLAIN_DICTIONARY"`
	OrderNo     string  `parquet:"name=order_no, type=BYTE_ARRAY, convertedtype=UTF8"`
	Event       string  `parquet:"name=event, type=BYTE_ARRAY, convertedtype=UTF8, encoding=PLAIN_DICTIONARY"`
	Component   string  `parquet:"name=component, type=BYTE_ARRAY, convertedtype=UTF8, encoding=PLAIN_DICTIONARY"`
	RuleID      *string `parquet:"name=rule_id, type=BYTE_ARRAY, convertedtype=UTF8, encoding=PLAIN_DICTIONARY"`
	RuleVersion *string `parquet:"name=rule_version, type=BYTE_ARRAY, convertedtype=UTF8, encoding=PLAIN_DICTIONARY"`
	Base        int64   `parquet:"name=base_amount, type=INT64, convertedtype=DECIMAL, scale=2, precision=18"`
	Rate        *int32  `parquet:"name=rate, type=INT32, convertedtype=DECIMAL, scale=6, precision=9"`
	Expected    *int64  `parquet:"name=expected_fee, type=INT64, convertedtype=DECIMAL, scale=2, precision=18"`
	Charged     int64   `parquet:"name=charged_fee, type=INT64, convertedtype=DECIMAL, scale=2, precision=18"`
	Variance    *int64  `parquet:"name=variance, type=INT64, convertedtype=DECIMAL, scale=2, precision=18"`
	Class       string  `parquet:"name=variance_class, type=BYTE_ARRAY, convertedtype=UTF8, encoding=PLAIN_DICTIONARY"`
	Assumed     bool    `parquet:"name=assumed, type=BOOLEAN"`
	SettledOn   int32   `parquet:"name=settled_on, type=INT32, convertedtype=DATE"`
}

type summaryRow struct {
	SettledOn  *int32  `parquet:"name=settled_on, type=INT32, convertedtype=DATE"`
	Wallet     *string `parquet:"name=wallet, type=BYTE_ARRAY, convertedtype=UTF8"`
	Account    *string `parquet:"name=account, type=BYTE_ARRAY, convertedtype=UTF8"`
	Shop       string  `parquet:"name=shop, type=BYTE_ARRAY, convertedtype=UTF8"`
	Currency   string  `parquet:"name=currency, type=BYTE_ARRAY, convertedtype=UTF8"`
	Events     int64   `parquet:"name=events, type=INT64"`
	Lines      int64   `parquet:"name=lines, type=INT64"`
	Matched    int64   `parquet:"name=matched, type=INT64"`
	Breaks     int64   `parquet:"name=breaks, type=INT64"`
	Gross      int64   `parquet:"name=gross, type=INT64, convertedtype=DECIMAL, scale=2, precision=18"`
	Refunds    int64   `parquet:"name=refunds, type=INT64, convertedtype=DECIMAL, scale=2, precision=18"`
	Expected   int64   `parquet:"name=expected_fees, type=INT64, convertedtype=DECIMAL, scale=2, precision=18"`
	Charged    int64   `parquet:"name=charged_fees, type=INT64, convertedtype=DECIMAL, scale=2, precision=18"`
	Variance   int64   `parquet:"name=fee_variance, type=INT64, convertedtype=DECIMAL, scale=2, precision=18"`
	Net        int64   `parquet:"name=net, type=INT64, convertedtype=DECIMAL, scale=2, precision=18"`
	Withdrawal *int64  `parquet:"name=withdrawal_fees, type=INT64, convertedtype=DECIMAL, scale=2, precision=18"`
	Cross      *int64  `parquet:"name=cross_wallet_fees, type=INT64, convertedtype=DECIMAL, scale=2, precision=18"`
	CostBps    *int64  `parquet:"name=cost_bps, type=INT64"`
	Open       int64   `parquet:"name=open_items, type=INT64"`
}

// table writes rows to a table of the result.
func table(out, name string, prototype any, cores int64, rows func(write func(row any) error) error) error {
	dir := filepath.Join(out, name)
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	file, err := local.NewLocalFileWriter(filepath.Join(dir, "part-00000.parquet"))
	if err != nil {
		return err
	}
	w, err := writer.NewParquetWriter(file, prototype, cores)
	if err != nil {
		return err
	}
	w.CompressionType = parquet.CompressionCodec_ZSTD
	w.RowGroupSize = 16 << 20 // about 122,880 rows
	if err := rows(w.Write); err != nil {
		return err
	}
	if err := w.WriteStop(); err != nil {
		return err
	}
	return file.Close()
}

// orNull is nil for the empty text.
func orNull(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

func given[T any](there bool, value T) *T {
	if !there {
		return nil
	}
	return &value
}
