package settlement

var balances = Table{
	Name:     "balances",
	Grain:    "one account (of WeChat Pay one of its purses) on one day of which its fund flow was delivered",
	Key:      []string{"settled_on", "wallet", "account", "sub_account", "currency"},
	SortedBy: []string{"wallet", "account", "sub_account", "settled_on"},
	Doc: "How the balance of each account moved (余额调节表): opening + income − expense = computed_closing, and by how much the file's own closing balance differs. " +
		"The split by category adds up to income − expense; each of its columns is the sum of amount over the booked fund_lines of that category, account, sub_account and settled_on.",
	Columns: append(append([]TableColumn{
		{Name: "wallet", Type: TypeWord, Words: WalletWords,
			Doc: "Where the account is: alipay, wechat, taobao_aggregated (聚合结算账户), bank."},
		{Name: "account", Type: TypeText, Nullable: true, Repeats: true,
			Doc: "Number of the account. Null where neither the file, nor its name, nor the configuration gives it."},
		{Name: "sub_account", Type: TypeText, Nullable: true, Repeats: true,
			Doc: "Which of an account's purses: basic, operation, fees (WeChat Pay 基本账户, 运营账户, 手续费账户). Null where there is one, and where it is not known."},
		{Name: "settled_on", Type: TypeDay, Nullable: true, Unit: unitDay,
			Doc: "The day. Null of lines of which nothing gives it."},
		{Name: "currency", Type: TypeWord, Words: CurrencyWords,
			Doc: "Currency of the amounts."},
		{Name: "opening", Type: TypeMoney, Nullable: true, Unit: unitYuan, Sign: signHeld,
			Doc: "The balance with which the day began (期初余额); opening_known_by says how it is known. Null where nothing tells it."},
		{Name: "income", Type: TypeMoney, Unit: unitYuan, Sign: "a magnitude",
			Doc: "What came in (收入): the booked lines above 0.00."},
		{Name: "expense", Type: TypeMoney, Unit: unitYuan, Sign: "a magnitude",
			Doc: "What went out (支出): the booked lines below 0.00."},
		{Name: "fees", Type: TypeMoney, Unit: unitYuan, Sign: signMerchant,
			Doc: "Booked lines of category fee."},
		{Name: "withdrawals", Type: TypeMoney, Unit: unitYuan, Sign: "towards the merchant's account: sent to the bank is −, sent back +",
			Doc: "Booked lines of category withdrawal (提现)."},
		{Name: "closing", Type: TypeMoney, Nullable: true, Unit: unitYuan, Sign: signHeld,
			Doc: "The balance after the last row of the day, as the file says it (期末余额). Null where no file says it, where its days run through each other, and where nothing tells in which order its rows stand."},
		{Name: "computed_closing", Type: TypeMoney, Nullable: true, Unit: unitYuan, Sign: signHeld,
			Doc: "opening + income − expense. Null where opening is."},
		{Name: "unexplained", Type: TypeMoney, Nullable: true, Unit: unitYuan, Sign: "closing − computed_closing: negative hurts the merchant",
			Doc: "By how much the file's closing balance differs from the computed one. Null where either is."},
	}, balanceSplit()...), []TableColumn{
		{Name: "opening_known_by", Type: TypeWord, Words: KnownByWords,
			Doc: "day_before: the day before ended with it; first_row: the balance of the day's first row, less its amount; statement: a bank states it; opening_file: a file of opening balances; unknown."},
		{Name: "lines", Type: TypeCount, Unit: unitRows,
			Doc: "The booked fund_lines of the day."},
		{Name: "chain_breaks", Type: TypeCount, Unit: "places",
			Doc: "At how many places the balance does not follow from the row before, or from the day before. WeChat Pay promises that it follows row by row, and each place is a break; of the others it is information, but for the day before."},
		{Name: "chain_break_file", Type: TypeFile, Nullable: true,
			Doc: "The file in which the first of them stands. Null where there is none."},
		{Name: "chain_break_line", Type: TypeCount, Nullable: true, Unit: "line number, from 1",
			Doc: "Its line there. Null where there is none."},
		{Name: "missing_days", Type: TypeCount, Unit: "days",
			Doc: "How many days before this one lack their fund flow, back to the last known balance."},
	}...),
}

const signHeld = "what the account holds is +, what it owes −"

// balanceSplit is the columns of the categories that do not stand before.
func balanceSplit() (columns []TableColumn) {
	for _, c := range BalanceCategories {
		if c != FundFee && c != FundWithdrawal {
			columns = append(columns, TableColumn{Name: BalanceColumn(c), Type: TypeMoney, Unit: unitYuan, Sign: "towards the merchant: income is +, expense −",
				Doc: "Booked lines of category " + c.String() + "."})
		}
	}
	return columns
}
