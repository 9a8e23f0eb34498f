package delimited

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"reconcile/settlement"
)

var knownLayout = Layout{Columns: []KnownColumn{
	{Names: []string{"交易时间"}, Needs: "column occurred_at"},
	{Names: []string{"设备号"}},
	{Names: []string{"商户订单号", "订单号"}, Needs: "column order_no"},
	{Names: []string{"商品名称"}},
	{Names: []string{"手续费"}, Needs: "control total 手续费总金额"},
	{Names: []string{"费率"}, Needs: "column fee_rate"},
	{Names: []string{"shop_name"}, Optional: true},
}}

func TestDrift(t *testing.T) {
	for _, c := range []struct {
		name, header string
		want         []string
	}{
		{"none", "交易时间,设备号,商户订单号,商品名称,手续费,费率,shop_name", nil},
		{"an optional column is absent", "交易时间,设备号,商户订单号,商品名称,手续费,费率", nil},
		{"an older name is known", "交易时间,设备号,订单号,商品名称,手续费,费率", nil},
		{"new in between moves nothing", "交易时间,积分,设备号,商户订单号,商品名称,手续费,费率", []string{"new: 积分 (2): left out"}},
		{"new at the end, several", "交易时间,设备号,商户订单号,商品名称,手续费,费率,积分,门店", []string{"new: 积分 (7), 门店 (8): left out"}},
		{"padding is no column", "交易时间,设备号,商户订单号,商品名称,手续费,费率,,", nil},
		{"renamed, and needed", "交易时间,设备号,商户订单号,商品名称,手续费金额,费率",
			[]string{"renamed: 手续费金额, column 5, was known as 手续费: refused, control total 手续费总金额 needs it"}},
		{"renamed, and not read", "交易时间,设备编号,商户订单号,商品名称,手续费,费率", []string{"renamed: 设备编号, column 2, was known as 设备号: left out"}},
		{"renamed in another spelling", "交易时间,设备号,商户订单号,商品名称,手续费,费率,ShopName", []string{"renamed: ShopName, column 7, was known as shop_name: left out"}},
		{"the closest of two names is the renamed one", "交易时间,设备号,商户订单编号,商户订单编码号,商品名称,手续费,费率", []string{
			"renamed: 商户订单编号, column 3, was known as 商户订单号: refused, column order_no needs it", "new: 商户订单编码号 (4): left out"}},
		{"one moved to the end", "交易时间,商户订单号,商品名称,手续费,费率,设备号", []string{"moved: 设备号, from column 2 to 6: read under its name"}},
		{"one moved to the front", "费率,交易时间,设备号,商户订单号,商品名称,手续费", []string{"moved: 费率, from column 6 to 1: read under its name"}},
		{"missing, and needed", "交易时间,设备号,商户订单号,商品名称,费率", []string{"missing: 手续费, known as column 5: refused, control total 手续费总金额 needs it"}},
		{"missing, and not read", "交易时间,商户订单号,商品名称,手续费,费率", []string{"missing: 设备号, known as column 2: the file is read without it"}},
		{"nothing alike", "a,b", []string{
			"missing: 交易时间, known as column 1: refused, column occurred_at needs it", "missing: 设备号, known as column 2: the file is read without it",
			"missing: 商户订单号, known as column 3: refused, column order_no needs it", "missing: 商品名称, known as column 4: the file is read without it",
			"missing: 手续费, known as column 5: refused, control total 手续费总金额 needs it", "missing: 费率, known as column 6: refused, column fee_rate needs it",
			"new: a (1), b (2): left out"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := settlement.DriftTexts(Drift(strings.Split(c.header, ","), knownLayout, strings.TrimSpace))
			if !slices.Equal(got, c.want) {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(c.want, "\n"))
			}
		})
	}
}

func TestDriftOfAMerchantsOwnFile(t *testing.T) {
	own := knownLayout
	own.AnyOrder, own.Others = true, true
	got := settlement.DriftTexts(Drift(strings.Split("费率,备注一,手续费,商品名称,商户订单号,设备号,交易日期时间", ","), own, strings.TrimSpace))
	if want := []string{"renamed: 交易日期时间, column 7, was known as 交易时间: refused, column occurred_at needs it"}; !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
}

func TestDriftOfEveryOrder(t *testing.T) {
	names := []string{"交易时间", "设备号", "商户订单号", "商品名称", "手续费", "费率"}
	var permute func(int)
	permute = func(n int) {
		if n == len(names) {
			in := slices.Equal(names, []string{"交易时间", "设备号", "商户订单号", "商品名称", "手续费", "费率"})
			drift := Drift(names, knownLayout, strings.TrimSpace)
			if in != (len(drift) == 0) || len(drift) > len(names)-1 {
				t.Errorf("%v: %v", names, drift)
			}
			for _, d := range drift {
				if d.Change != settlement.MovedColumn || names[d.At-1] != d.Column || knownLayout.Columns[d.KnownAt-1].Names[0] != d.Column {
					t.Errorf("%v: %v", names, d)
				}
			}
			return
		}
		for i := n; i < len(names); i++ {
			names[n], names[i] = names[i], names[n]
			permute(n + 1)
			names[n], names[i] = names[i], names[n]
		}
	}
	permute(0)
}

func TestTheNearestLayout(t *testing.T) {
	one, two := Layout{Columns: []KnownColumn{{Names: []string{"甲"}}, {Names: []string{"乙"}}}}, Layout{Columns: []KnownColumn{{Names: []string{"甲"}}, {Names: []string{"丙"}}}}
	for header, want := range map[string]string{"甲,乙": "乙", "甲,丙": "丙", "丙": "丙", "甲": "乙"} {
		if got := Nearest(strings.Split(header, ","), []Layout{one, two}, strings.TrimSpace); got.Columns[1].Names[0] != want {
			t.Errorf("%s: %v", header, got)
		}
	}
}

// TestDriftOfAMillionColumns: a header of any size is compared in bounded work.
func TestDriftOfAMillionColumns(t *testing.T) {
	header := make([]string, 1_000_000)
	for i := range header {
		header[i] = fmt.Sprint("column", i)
	}
	drift := Drift(header, knownLayout, strings.TrimSpace)
	if len(drift) != settlement.MaxListed+1+6 || drift[settlement.MaxListed].Column != "and 999900 more" {
		t.Errorf("%d differences, %v", len(drift), drift[min(len(drift)-1, settlement.MaxListed)])
	}
}

// FuzzDrift: of any header and layout every column is told once at most, with its place,
// and a header that is the layout's own has not drifted.
func FuzzDrift(f *testing.F) {
	f.Add("订单号,下单时间,金额", "订单号,付款时间,金额", false)
	f.Add("a,a,,b", "b,a", true)
	f.Add("", "x", false)
	f.Fuzz(func(t *testing.T, header, known string, anyOrder bool) {
		names := strings.Split(header, ",")
		if len(names) > 64 || strings.Count(known, ",") > 64 {
			return
		}
		var l Layout
		l.AnyOrder = anyOrder
		seen := map[string]bool{}
		for name := range strings.SplitSeq(known, ",") {
			if name != "" && !seen[name] {
				seen[name] = true
				l.Columns = append(l.Columns, KnownColumn{Names: []string{name}, Needs: "a test"})
			}
		}
		told := map[int]bool{}
		for _, d := range Drift(names, l, func(name string) string { return name }) {
			if d.At < 0 || d.At > len(names) || d.KnownAt < 0 || d.KnownAt > len(l.Columns) {
				t.Fatalf("a place beyond the header or layout: %+v", d)
			}
			if d.At > 0 && told[d.At] {
				t.Fatalf("column %d is told twice", d.At)
			}
			told[d.At] = true
		}
		var own []string
		for _, c := range l.Columns {
			own = append(own, c.Names[0])
		}
		if drift := Drift(own, l, func(name string) string { return name }); len(own) > 0 && len(drift) > 0 {
			t.Fatalf("the layout has drifted from itself: %+v", drift)
		}
	})
}
