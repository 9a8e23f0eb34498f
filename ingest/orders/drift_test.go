package orders

import (
	"slices"
	"testing"

	"reconcile/settlement"
)

func TestDriftOfAnExtract(t *testing.T) {
	plain := "order_no,wallet,amount,paid_at,status\nS-1,alipay,1.00,2024-09-12 08:30:00,paid\n"
	mapped := Mapping{Columns: map[string]string{"order_no": "订单号", "amount": "实付金额"}}
	for _, c := range []struct {
		name, content string
		mapping       Mapping
		want          []string
		refused       bool
	}{
		{"none", plain, Mapping{}, nil, false},
		{"another order is none", "status,paid_at,order_no,amount\npaid,2024-09-12 08:30:00,S-1,1.00\n", Mapping{}, nil, false},
		{"a new column", "order_no,amount,paid_at,status,colour\nS-1,1.00,2024-09-12 08:30:00,paid,red\n", Mapping{}, []string{"new: colour (5): left out"}, false},
		{"an optional column under another name", "order_no,amount,paid_at,status,shops\nS-1,1.00,2024-09-12 08:30:00,paid,x\n", Mapping{},
			[]string{"renamed: shops, column 5, was known as shop: left out"}, false},
		{"a required column under another name", "order_no,amounts,paid_at,status\nS-1,1.00,2024-09-12 08:30:00,paid\n", Mapping{},
			[]string{"renamed: amounts, column 2, was known as amount: refused, column amount needs it"}, true},
		{"a required column goes", "order_no,paid_at,status,x\nS-1,2024-09-12 08:30:00,paid,\n", Mapping{},
			[]string{"missing: amount, known as column 2: refused, column amount needs it", "new: x (4): left out"}, true},
		{"others beside mapped columns are expected", "订单号,实付金额,paid_at,status,颜色\nS-1,1.00,2024-09-12 08:30:00,paid,红\n", mapped, nil, false},
		{"a mapped column under another name", "订单号,实付款金额,paid_at,status\nS-1,1.00,2024-09-12 08:30:00,paid\n", mapped,
			[]string{"renamed: 实付款金额, column 2, was known as 实付金额: refused, column amount needs it"}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			st, _, err := readWith(1, []byte(c.content), settlement.OrderExtract, c.mapping)
			if (err != nil) != c.refused {
				t.Fatal(err)
			}
			if got := settlement.DriftTexts(st.Drift); !slices.Equal(got, c.want) {
				t.Errorf("got %q", got)
			}
		})
	}
}
