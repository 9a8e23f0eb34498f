package main

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"golang.org/x/text/encoding/simplifiedchinese"

	"reconcile/output"
)

// canaries are what no output may have: a name, a Latin name, a phone, an openid, a mail
// address and where somebody lives.
var canaries = []string{"金丝雀丙", "CanaryPat", "13912345678", "oCANARYopenid_0123456789abc", "canary.pat@example.com", "浙江省杭州市余杭区金丝雀路88号"}

// ofCanaries are the parts by which a canary is known again.
var ofCanaries = []string{"金丝雀", "CanaryPat", "13912345678", "CANARYopenid", "canary.pat", "余杭区",
	"１３９１２３４５６７８", "139 1234 5678", "6228480402564890018", "6228 4804 0256"}

// personalColumns are the columns of all kinds of files that name persons.
var personalColumns = []string{"用户标识", "商品名称", "商户数据包", "资金变更提交申请人", "对方账户", "对方账号", "对方名称", "付款备注", "操作员", "商品标题",
	"买家会员名", "收货人姓名", "收货地址", "联系手机", "宝贝标题", "买家留言", "counterparty", "purpose", "对方户名", "附言", "收件人", "手机", "地址", "buyer_phone"}

// noted are columns of notes: of rows of fees the wallet's own words stand there, and whom
// the money came from behind a mark.
var noted = []string{"备注", "业务描述"}

// plantPersons puts canaries into the personal cells of a file's rows.
func plantPersons(text, mark string) string {
	var names []string
	n := 0
	separator := ","
	if strings.Contains(text, ",`") {
		separator = ",`"
	}
	var out strings.Builder
	for line := range strings.Lines(text) {
		line, end := strings.TrimRight(line, "\r\n"), line[len(strings.TrimRight(line, "\r\n")):]
		plainNames := strings.Split(strings.TrimPrefix(line, "\ufeff"), ",")
		if slices.ContainsFunc(plainNames, func(name string) bool { return slices.Contains(headerNames, strings.TrimSpace(name)) }) {
			names = plainNames
			out.WriteString(line + end)
			continue
		}
		cells := strings.Split(line, separator)
		if names == nil || len(cells) < len(names) || strings.HasPrefix(line, "#") {
			out.WriteString(line + end)
			continue
		}
		for i, name := range names {
			name = strings.TrimSpace(name)
			if slices.Contains(personalColumns, name) {
				n++
				cells[i] = canaries[n%len(canaries)] + mark
			} else if slices.Contains(noted, name) && name == "备注" && strings.TrimSpace(cells[i]) == "" {
				n++
				cells[i] = canaries[n%len(canaries)] + mark
			}
		}
		out.WriteString(strings.Join(cells, separator) + end)
	}
	return out.String()
}

// headerNames tell the row of names.
var headerNames = []string{"用户标识", "资金流水单号", "支付宝交易号", "账务流水号", "counterparty", "收货人姓名", "支付流水号", "收件人"}

// plantFile rewrites a delivered file, and returns the text of its tables.
func plantFile(t *testing.T, path string) {
	t.Helper()
	content := readFile(t, path)
	if !strings.HasSuffix(path, ".zip") {
		text := string(content)
		if name := filepath.Base(path); strings.HasPrefix(name, "orders") {
			text = withColumns(text, "收件人", "手机", "地址")
		}
		writeFile(t, path, []byte(plantPersons(text, "")))
		return
	}
	archive, err := zip.NewReader(bytes.NewReader(content), int64(len(content)))
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, f := range archive.File {
		text, err := simplifiedchinese.GB18030.NewDecoder().Bytes(unpacked(t, f))
		if err != nil {
			t.Fatal(err)
		}
		back, err := simplifiedchinese.GB18030.NewEncoder().Bytes([]byte(plantPersons(string(text), "\t")))
		if err != nil {
			t.Fatal(err)
		}
		header := f.FileHeader
		to, err := w.CreateHeader(&zip.FileHeader{Name: header.Name, NonUTF8: header.NonUTF8, Method: zip.Deflate})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := to.Write(back); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	writeFile(t, path, b.Bytes())
}

// withColumns adds columns to every row of a CSV.
func withColumns(text string, names ...string) string {
	var out strings.Builder
	n := 0
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\n")
		more := names
		if n > 0 {
			more = slices.Repeat([]string{"-"}, len(names))
		}
		out.WriteString(line + "," + strings.Join(more, ",") + "\n")
		n++
	}
	return out.String()
}

func unpacked(t *testing.T, f *zip.File) []byte {
	t.Helper()
	r, err := f.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	content, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

func readFile(t *testing.T, path string) []byte {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

func writeFile(t *testing.T, path string, content []byte) {
	t.Helper()
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, content, 0o644)); err != nil {
		t.Fatal(err)
	}
}

// found are the canaries in content, in whichever encoding.
func found(content []byte) (list []string) {
	for _, c := range ofCanaries {
		gb, _ := simplifiedchinese.GB18030.NewEncoder().Bytes([]byte(c))
		if bytes.Contains(content, []byte(c)) || bytes.Contains(content, gb) {
			list = append(list, c)
		}
	}
	return list
}

// called runs a command line in this process and returns all that it printed.
func called(t *testing.T, args ...string) (printed string, code int) {
	t.Helper()
	var out, err bytes.Buffer
	code = execute(context.Background(), args, streams{&out, &err}, func(name string) string {
		return map[string]string{"LANG": "en"}[name]
	})
	return out.String() + err.String(), code
}

// inFiles looks through every file below dir but the inputs: as it is, tables by their
// values, archives unpacked.
func inFiles(t *testing.T, dir string, inputs ...string) (looked int) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			if err == nil && slices.Contains(inputs, e.Name()) {
				return filepath.SkipDir
			}
			return err
		}
		looked++
		content := readFile(t, path)
		for _, c := range found(content) {
			t.Errorf("%s has %s", path, c)
		}
		for _, c := range found([]byte(path)) {
			t.Errorf("%s is named %s", path, c)
		}
		switch filepath.Ext(path) {
		case ".parquet":
			var b strings.Builder
			if err := output.ReadFile(path, func(r output.Row) error {
				for _, name := range r.Columns() {
					b.WriteString(r.Text(name) + "\n")
				}
				return nil
			}); err != nil {
				t.Error(err)
			}
			for _, c := range found([]byte(b.String())) {
				t.Errorf("the table %s has %s", path, c)
			}
		case ".xlsx":
			archive, err := zip.NewReader(bytes.NewReader(content), int64(len(content)))
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range archive.File {
				for _, c := range found(unpacked(t, f)) {
					t.Errorf("%s has %s in %s", path, c, f.Name)
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return looked
}

// handMade are kinds of files that generate does not write.
var handMade = map[string]string{
	"taobao.csv": "订单编号,买家会员名,支付单号,支付详情,买家应付货款,总金额,买家实际支付金额,订单状态,收货人姓名,收货地址 ,联系手机,订单付款时间 ,宝贝标题 ,店铺Id,店铺名称,确认收货时间,打款商家金额,是否信用购,主订单编号\n" +
		"3105550000000000001,x,,支付宝支付88.00元,99.00,99.00,88.00,交易成功,x,x,x,2024-09-12 10:00:00,x,1,甲店,2024-09-12 12:00:00,86.50元,,\n",
	"aggregated.csv": "入账时间,支付流水号,淘宝订单编号,入账类型,收入金额（元）,支出金额,业务描述,备注\n" +
		"2024-09-12 12:10:11,710000000000001,3105550000000000001,交易收款,86.5,,0010001|交易收款-交易收款,\n" +
		"2024-09-12 12:10:12,710000000000003,3105550000000000001,扣款,,0.53,0030130|软件服务费,代扣款（扣款用途：消费者体验_订单号:3105550000000000001，付款方：金丝雀丙）\n",
	"movements.csv": "商家昵称,入帐日期,入帐时间,支付流水号,主订单id,子订单id,入帐类型,收入金额(元),支出金额(元),业务描述,备注,收/付渠道,数据创建时间,数据修改时间\n" +
		"甲店,2024-09-12,12:10:11,710000000000001,3105550000000000001,3100000000000000111,交易收款,86.50,,0010001|交易收款-交易收款,,聚合结算账户渠道,2024-09-13 01:00:00,\n",
	"portal.csv": "#账号：shop@example.com[2088000011112222]\n#查询起始日期：2024-09-12 00:00:00查询终止日期：2024-09-12 18:06:54\n" +
		"序号,入账时间,支付宝交易号,支付宝流水号,商户订单号,账务类型,收入（+元）,支出（-元）,账户余额（元）,对方账户,对方名称,银行订单号,商品名称,备注,业务基础订单号,业务订单号,业务账单来源,业务描述,付款备注\n" +
		"1,2024-09-12 10:00:01,2024091222001012341000000001,2024091200001,S1,在线支付,10.00, ,110.00,x,x, ,x,, , , , ,x\n" +
		"2,2024-09-12 10:00:02,2024091222001012341000000002,2024091200002,S2,转账, ,-5.00,105.00,x,x, ,x,, , , , ,x\n#导出时间：2024-09-12 18:06:54\n",
	"bank.csv": "account,booked_at,amount,reference,counterparty,purpose\n" +
		"6222021001112223334,2024-09-12 16:20:00,-88.00,B1,x,x\n6222021001112223334,2024-09-12 17:20:00,12.00,B2,,x\n",
}

// camtStatement is a bank's statement in XML that names persons.
const camtStatement = `<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.02"><BkToCstmrStmt><GrpHdr><MsgId>M1</MsgId><CreDtTm>2024-09-13T02:00:00+08:00</CreDtTm></GrpHdr>
<Stmt><Id>S1</Id><CreDtTm>2024-09-13T02:00:00+08:00</CreDtTm><Acct><Id><Othr><Id>110900000010001</Id></Othr></Id><Ccy>CNY</Ccy></Acct>
<Ntry><Amt Ccy="CNY">5.50</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts>BOOK</Sts><BookgDt><Dt>2024-09-12</Dt></BookgDt><AcctSvcrRef>R1</AcctSvcrRef>
<NtryDtls><TxDtls><Refs><EndToEndId>CanaryPat-1</EndToEndId></Refs><RltdPties><Dbtr><Nm>金丝雀丙</Nm></Dbtr></RltdPties><RmtInf><Ustrd>金丝雀丙 13912345678</Ustrd></RmtInf></TxDtls></NtryDtls>
<AddtlNtryInf>CanaryPat 浙江省杭州市余杭区金丝雀路88号</AddtlNtryInf></Ntry></Stmt></BkToCstmrStmt></Document>`

// TestNoOutputNamesAPerson plants persons in every column of every kind of file that names
// them, does everything with these files, and looks for the persons in all that was printed,
// sent and written.
func TestNoOutputNamesAPerson(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	if out, code := called(t, "generate", "week/files", "--days", "2", "--orders", "150", "--fund-flow", "--bank", "--plant", "all=1", "--quiet"); code != 0 {
		t.Fatal(out)
	}
	gather(t, filepath.Join(dir, "week"))
	files, err := filepath.Glob("week/inbox/*")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		plantFile(t, file)
	}
	for name, text := range handMade {
		writeFile(t, filepath.Join("made/inbox", name), []byte(plantPersons(text, "")))
	}
	writeFile(t, "made/inbox/bank.xml", []byte(camtStatement))
	planted := 0
	for _, file := range append(files, slices.Collect(func(yield func(string) bool) {
		made, _ := filepath.Glob("made/inbox/*")
		for _, f := range made {
			if !yield(f) {
				return
			}
		}
	})...) {
		if !strings.HasSuffix(file, ".zip") && !strings.Contains(file, "refunds") && len(found(readFile(t, file))) == 0 {
			t.Errorf("%s names nobody: the test looks for nothing", file)
		}
		planted++
	}
	if planted < 15 {
		t.Fatalf("%d files", planted)
	}
	sent := everything(t)
	for _, c := range found([]byte(sent)) {
		t.Errorf("%s was sent to a robot", c)
	}
	if looked := inFiles(t, dir, "inbox", "files"); looked < 80 {
		t.Errorf("only %d files were looked through", looked)
	}
}

// everything does all that can be done with the planted files, and returns what was sent to
// a robot. What is printed is looked through here.
func everything(t *testing.T) (sent string) {
	var mu sync.Mutex
	robot := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		mu.Lock()
		sent += string(body)
		mu.Unlock()
		io.WriteString(w, "ok")
	}))
	defer robot.Close()
	t.Setenv("ROBOT", robot.URL)
	config := "schedule:\n  cron: \"30 9 * * *\"\n  inbox: inbox\n  out: days\nalerts:\n  - name: finance\n    robot: slack\n    kinds: [late, incomplete, difference, failed]\n    url_env: ROBOT\n"
	writeFile(t, "week/reconcile.yaml", []byte(config))
	writeFile(t, "week/inbox/broken.csv", []byte("order_no,wallet,amount,paid_at,status,收件人\nS1,alipay,金丝雀丙,13912345678,CanaryPat,浙江省杭州市余杭区金丝雀路88号\n"))
	say := func(codes []int, args ...string) string {
		printed, code := called(t, args...)
		for _, c := range found([]byte(printed)) {
			t.Errorf("%v printed %s:\n%s", args, c, printed[max(0, strings.Index(printed, c)-200):][:min(400, len(printed))])
		}
		if !slices.Contains(codes, code) {
			t.Errorf("%v: exit code %d\n%s", args, code, printed[:min(len(printed), 800)])
		}
		return printed
	}
	say([]int{4}, "run", "week/inbox", "--out", "adhoc", "--breaks-ok", "--metrics-file", "metrics.prom", "--profile", "profile")
	say([]int{4}, "run", "week/inbox", "--out", "adhoc", "--json", "--log-format", "json")
	say([]int{0, 3}, "run", "made/inbox", "--out", "made/out")
	say([]int{0, 3}, "run", "made/inbox", "--out", "made/out", "--json", "--log-format", "json")
	say([]int{4}, "check", "week/inbox", "made/inbox")
	say([]int{4}, "check", "week/inbox", "made/inbox", "--json")
	say([]int{4}, "schedule", "--once", "--config", "week/reconcile.yaml", "--log-format", "json", "--now", "2024-09-14T12:00", "--metrics-file", "night.prom")
	for _, args := range [][]string{{"status", "--config", "week/reconcile.yaml", "--now", "2024-09-14T12:00"}, {"balances", "--out", "week/days"}, {"position", "--out", "week/days"},
		{"fees", "week/days"}, {"diff", "week/days/dt=2024-09-12", "week/days/dt=2024-09-13"}, {"verify", "week/days"}, {"journal", "--out", "week/days"}} {
		say([]int{0, 3, 4}, args...)
		say([]int{0, 3, 4}, append(args, "--json")...)
	}
	say([]int{0}, "journal", "--out", "week/days", "--format", "beancount")
	say([]int{0}, "worklist", "--out", "week/days", "list.xlsx")
	numbers := map[string]bool{}
	for _, out := range []string{"week/days", "adhoc", "made/out"} {
		for _, table := range tableNames() {
			if table != "unsettled" && !strings.HasPrefix(table, "carried") && !strings.HasPrefix(table, "payment_") || out == "week/days" {
				say([]int{0}, "show", table, "--out", out, "--columns", "all")
				say([]int{0}, "show", table, "--out", out, "--csv")
				say([]int{0}, "show", table, "--out", out, "--json")
			}
		}
		if err := output.ReadTable(firstDir(t, out), "breaks", func(r output.Row) error {
			if no := r.Text("order_no"); no != "" {
				numbers[no] = true
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	}
	for no := range numbers {
		if len(numbers) > 12 && no[len(no)-1]%3 > 0 {
			continue
		}
		say([]int{0, 2}, "explain", no, "--out", "week/days")
		say([]int{0, 2}, "explain", no, "--out", "adhoc", "--json")
	}
	return sent
}

func firstDir(t *testing.T, out string) string {
	t.Helper()
	dirs, err := resultDirs(out)
	if err != nil {
		t.Fatal(err)
	}
	return dirs[0]
}

// wordColumns hold the words by which a wallet names kinds of rows: they are carried into
// the tables as they are.
var wordColumns = []string{"业务名称", "业务类型", "入账类型", "入帐类型", "账务类型", "收/付渠道", "业务描述", "序号", "商家昵称", "门店名称", "shop", "platform", "店铺名称", "店铺Id"}

// TestMessagesNameNobodyWhateverCellIsBad puts a person into each cell of a row in turn, and
// looks at what is said of it.
func TestMessagesNameNobodyWhateverCellIsBad(t *testing.T) {
	if underRace {
		t.Skip("one file after the other, where nothing can race: make test runs it")
	}
	dir := t.TempDir()
	t.Chdir(dir)
	files := filesOfADay(t)
	said := 0
	for name, text := range files {
		for i, c := range damaged(text) {
			path := filepath.Join("damaged", fmt.Sprint(i), name)
			writeFile(t, path, []byte(c))
			printed, code := called(t, "check", path)
			if code == exitRefused {
				said++
			}
			// A phone in a column of amounts is an amount.
			for _, c := range found([]byte(strings.NewReplacer(path, "", "13912345678.00", "").Replace(printed))) {
				t.Errorf("%s, variant %d: %s in\n%s", name, i, c, printed[:min(len(printed), 900)])
			}
		}
	}
	t.Logf("%d files were refused", said)
	if said < 300 {
		t.Errorf("only %d files were refused: the test looks at nothing", said)
	}
}

// filesOfADay are the texts of files of every kind that is text, by their names.
func filesOfADay(t *testing.T) map[string]string {
	t.Helper()
	if out, code := called(t, "generate", "day", "--orders", "30", "--fund-flow", "--bank", "--quiet"); code != 0 {
		t.Fatal(out)
	}
	files := map[string]string{}
	for name, text := range handMade {
		files[name] = text
	}
	paths, _ := filepath.Glob("day/inbox/*")
	for _, path := range paths {
		if content := readFile(t, path); !strings.HasSuffix(path, ".zip") {
			files[filepath.Base(path)] = string(content)
		} else if archive, err := zip.NewReader(bytes.NewReader(content), int64(len(content))); err == nil {
			for i, f := range archive.File {
				text, err := simplifiedchinese.GB18030.NewDecoder().Bytes(unpacked(t, f))
				if err != nil {
					t.Fatal(err)
				}
				files[fmt.Sprintf("%s-%d.csv", strings.TrimSuffix(filepath.Base(path), ".csv.zip"), i)] = string(text)
			}
		}
	}
	return files
}

// damaged are variants of a file: a canary in each cell of its second row of data, in place
// of its header, and a row of persons.
func damaged(text string) (all []string) {
	lines := strings.SplitAfter(text, "\n")
	header, width := -1, 0
	for i, line := range lines {
		if n := strings.Count(line, ","); n > width+3 && !strings.HasPrefix(line, "#") && header < 0 {
			header, width = i, n
		}
	}
	if header < 0 || header+1 >= len(lines) {
		return nil
	}
	separator := ","
	if strings.HasPrefix(lines[header+1], "`") {
		separator = ",`"
	}
	names := strings.Split(strings.TrimRight(lines[header], "\r\n"), ",")
	cells := strings.Split(lines[header+1], separator)
	put := func(at int, line string) string {
		changed := slices.Clone(lines)
		changed[at] = line
		return strings.Join(changed, "")
	}
	for i := range cells {
		if i < len(names) && slices.Contains(wordColumns, strings.TrimSpace(names[i])) {
			continue
		}
		for _, c := range canaries {
			row := slices.Clone(cells)
			row[i] = c
			if i == len(cells)-1 {
				row[i] += "\n"
			} else if i == 0 && separator != "," {
				row[i] = "`" + c
			}
			all = append(all, put(header+1, strings.Join(row, separator)))
		}
	}
	persons := strings.Join(canaries, ",") + "\n"
	undigited := "收货人金丝雀丙,CanaryPat,浙江省杭州市余杭区金丝雀路,oCANARYopenid\n"
	return append(all, put(header, ""), put(header+1, persons), put(header, persons), undigited+text, put(header, undigited), put(len(lines)-2, persons), text+persons,
		strings.Join(canaries, ";")+"\n"+text, put(header, strings.ReplaceAll(lines[header], ",", ";")))
}
