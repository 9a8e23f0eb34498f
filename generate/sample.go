package generate

// Sample is the small day that ships with the program: about 60 orders of six
// shops on 2024-09-12, the day from which Taobao takes WeChat Pay, with one or
// two breaks of every kind.
func Sample() Options {
	o := Defaults()
	o.Seed, o.Orders, o.Shops, o.RefundShare = 20240912, 56, 6, 120_000
	o.Cases = map[Case]Frequency{
		MissingInStatement:       Count(2),
		MissingInOrders:          Count(1),
		AmountMismatch:           Count(2),
		StatusMismatch:           Count(1),
		WalletMismatch:           Count(1),
		DuplicatePayment:         Count(1),
		RefundMissingInStatement: Count(1),
		RefundMissingInOrders:    Count(1),
		RefundExceedsPayment:     Count(1),
		FeeVariance:              Count(2),
		AmountAndFeeVariance:     Count(1),

		RefundFeeOneFenOff: Count(1),
		NearMidnight:       Count(1),
		IdenticalPayments:  Count(1),
		RefundNotSettled:   Count(1),
		TinyPayment:        Count(1),
		Combined:           Count(1),
		TwoPayments:        Count(1),
		NotPaid:            Count(2),
	}
	return o
}

// SampleDay writes the day of Sample into dir and returns the paths: Alipay's
// ZIP, WeChat Pay's bill, orders.csv, refunds.csv. The bytes never change.
func SampleDay(dir string) (files []string, err error) {
	key, err := Day(dir, Sample())
	if err != nil {
		return nil, err
	}
	return key.Files, nil
}
