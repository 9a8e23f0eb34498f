package alerts

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var shanghai = time.FixedZone("Asia/Shanghai", 8*3600)

// received is one message as the robot's server got it.
type received struct {
	query map[string]string
	body  map[string]any
	text  string
}

// robotServer is a robot: it answers with what the test says, else that all is well.
type robotServer struct {
	*httptest.Server
	messages []received
	answers  []func(w http.ResponseWriter)
	tries    int
}

func newRobotServer(t *testing.T, robot Robot) *robotServer {
	t.Helper()
	s := &robotServer{}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		raw, err := io.ReadAll(r.Body)
		if err != nil || r.Method != http.MethodPost || !strings.HasPrefix(r.Header.Get("Content-Type"), "application/json") {
			t.Errorf("%s %s, %v", r.Method, r.Header.Get("Content-Type"), err)
		}
		s.tries++
		if len(s.answers) > 0 {
			answer := s.answers[0]
			s.answers = s.answers[1:]
			answer(w)
			return
		}
		m := received{query: map[string]string{}}
		for key, values := range r.URL.Query() {
			m.query[key] = values[0]
		}
		if err := json.Unmarshal(raw, &m.body); err != nil {
			t.Errorf("the body %q: %v", raw, err)
		}
		m.text = textOf(robot, m.body)
		s.messages = append(s.messages, m)
		switch robot {
		case Slack:
			io.WriteString(w, "ok")
		case Feishu:
			io.WriteString(w, `{"code":0,"msg":"success","data":{}}`)
		default:
			io.WriteString(w, `{"errcode":0,"errmsg":"ok"}`)
		}
	}))
	t.Cleanup(s.Close)
	return s
}

// textOf is the text of a message as each robot's manual has it.
func textOf(robot Robot, body map[string]any) string {
	switch robot {
	case Slack:
		text, _ := body["text"].(string)
		return text
	case Feishu:
		if content, ok := body["content"].(map[string]any); ok && body["msg_type"] == "text" {
			text, _ := content["text"].(string)
			return text
		}
	default:
		if content, ok := body["text"].(map[string]any); ok && body["msgtype"] == "text" {
			text, _ := content["content"].(string)
			return text
		}
	}
	return ""
}

// office is a sender of the test with its clock, log and book.
type office struct {
	Sender
	log    bytes.Buffer
	pauses []time.Duration
	now    time.Time
}

func newOffice(t *testing.T, routes ...Route) *office {
	t.Helper()
	o := &office{now: time.Date(2024, 9, 13, 12, 0, 0, 0, shanghai)}
	o.Sender = Sender{
		Routes: routes, Book: filepath.Join(t.TempDir(), "book.json"), Title: "reconcile",
		Getenv: func(name string) string { return map[string]string{"SECRET": "SEC0123"}[name] },
		Log:    slog.New(slog.NewTextHandler(&o.log, nil)), Zone: shanghai,
		Now:    func() time.Time { return o.now },
		Client: &http.Client{Transport: &http.Transport{DisableKeepAlives: true}},
		Pause:  func(_ context.Context, d time.Duration) error { o.pauses = append(o.pauses, d); return nil },
	}
	return o
}

// route is one to a server, whose address stands in a file.
func route(t *testing.T, name string, robot Robot, s *robotServer, kinds ...Kind) Route {
	t.Helper()
	file := filepath.Join(t.TempDir(), "url")
	if err := os.WriteFile(file, []byte(s.URL+"/send?access_token=TOKEN\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return Route{Name: name, Robot: robot, Kinds: kinds, URLFile: file}
}

func nothingOver(string) bool { return false }

func (o *office) tell(t *testing.T, findings ...Finding) {
	t.Helper()
	if err := o.Tell(context.Background(), findings, nothingOver); err != nil {
		t.Error(err)
	}
}

var lateBill = Finding{Kind: Late, Cause: "late 2024-09-12 wechat 1600123456", Text: "2024-09-12: the bill of wechat 1600123456 is late"}

func TestEachRobotGetsItsOwnForm(t *testing.T) {
	for _, robot := range []Robot{DingTalk, WeCom, Feishu, Slack} {
		s := newRobotServer(t, robot)
		r := route(t, "operations", robot, s, Late)
		o := newOffice(t, r)
		o.tell(t, lateBill)
		if len(s.messages) != 1 || s.messages[0].text != "reconcile\n· "+lateBill.Text {
			t.Errorf("%s got %+v", robot, s.messages)
			continue
		}
		if s.messages[0].query["access_token"] != "TOKEN" {
			t.Errorf("%s: the address lost its token: %v", robot, s.messages[0].query)
		}
		if _, signed := s.messages[0].body["sign"]; signed || s.messages[0].query["sign"] != "" {
			t.Errorf("%s: signed without a secret", robot)
		}
	}
}

func macOf(key, data string) string {
	m := hmac.New(sha256.New, []byte(key))
	m.Write([]byte(data))
	return base64.StdEncoding.EncodeToString(m.Sum(nil))
}

func TestDingTalkIsSignedInTheAddress(t *testing.T) {
	s := newRobotServer(t, DingTalk)
	r := route(t, "operations", DingTalk, s, Late)
	r.SecretEnv = "SECRET"
	newOffice(t, r).tell(t, lateBill)
	q := s.messages[0].query
	if q["timestamp"] != "1726200000000" || q["sign"] != macOf("SEC0123", "1726200000000\nSEC0123") || q["access_token"] != "TOKEN" {
		t.Errorf("the query is %v", q)
	}
}

func TestFeishuIsSignedInTheBody(t *testing.T) {
	s := newRobotServer(t, Feishu)
	r := route(t, "operations", Feishu, s, Late)
	r.SecretEnv = "SECRET"
	newOffice(t, r).tell(t, lateBill)
	b := s.messages[0].body
	if b["timestamp"] != "1726200000" || b["sign"] != macOf("1726200000\nSEC0123", "") {
		t.Errorf("the body is %v", b)
	}
}

// What another implementation of the same rules computed (openssl dgst -sha256 -hmac).
func TestSignaturesAreThoseOfTheManuals(t *testing.T) {
	if got := sign("SEC0123", "1726200000000\nSEC0123"); got != "pEAfONg2lBao8KcfCt9RDif2/XOJHZeli1F3mt+bcNk=" {
		t.Errorf("DingTalk %s", got)
	}
	if got := sign("1726200000\nSEC0123", ""); got != "fyCxvvtmZdkl4UmKmQEUIVkfRakmHMylaOmRB+TcB24=" {
		t.Errorf("Feishu %s", got)
	}
}

func TestFindingsAreRoutedByKindAndThreshold(t *testing.T) {
	ops, money := newRobotServer(t, WeCom), newRobotServer(t, Feishu)
	finance := route(t, "finance", Feishu, money, Difference)
	finance.Threshold = 10_000
	o := newOffice(t, route(t, "operations", WeCom, ops, Late, Failed), finance)
	o.tell(t, lateBill,
		Finding{Kind: Difference, Cause: "difference 2024-09-11", Text: "small", Fen: 9_999},
		Finding{Kind: Difference, Cause: "difference 2024-09-12", Text: "large", Fen: 10_000},
		Finding{Kind: Failed, Cause: "failed 2024-09-12", Text: "failed"},
		Finding{Kind: Incomplete, Cause: "incomplete 2024-09-12", Text: "nobody wants it"})
	if len(ops.messages) != 1 || ops.messages[0].text != "reconcile\n· "+lateBill.Text+"\n· failed" {
		t.Errorf("operations got %+v", ops.messages)
	}
	if len(money.messages) != 1 || money.messages[0].text != "reconcile\n· large" {
		t.Errorf("finance got %+v", money.messages)
	}
}

func TestNoCauseIsToldTwiceAlsoAfterARestart(t *testing.T) {
	s := newRobotServer(t, Slack)
	o := newOffice(t, route(t, "operations", Slack, s, Late))
	o.tell(t, lateBill)
	o.tell(t, lateBill)
	again := newOffice(t, o.Routes...)
	again.Book = o.Book
	again.now = o.now.Add(48 * time.Hour)
	again.tell(t, lateBill)
	if len(s.messages) != 1 {
		t.Errorf("told %d times", len(s.messages))
	}
	// Over and come again is another matter.
	if err := again.Tell(context.Background(), nil, func(cause string) bool { return cause == lateBill.Cause }); err != nil {
		t.Error(err)
	}
	again.tell(t, lateBill)
	if len(s.messages) != 2 {
		t.Errorf("told %d times", len(s.messages))
	}
}

func TestDifferencesComeInOneDigestADay(t *testing.T) {
	s := newRobotServer(t, Feishu)
	o := newOffice(t, route(t, "finance", Feishu, s, Difference))
	of := func(day string) Finding {
		return Finding{Kind: Difference, Cause: "difference " + day, Text: "breaks of " + day, Fen: 1}
	}
	o.tell(t, of("2024-09-11"), of("2024-09-12"))
	o.now = o.now.Add(time.Hour)
	o.tell(t, of("2024-09-10"))
	if len(s.messages) != 1 {
		t.Errorf("%d digests on one day", len(s.messages))
	}
	o.now = o.now.Add(11*time.Hour + time.Minute) // past midnight in Asia/Shanghai
	o.tell(t, of("2024-09-13"))
	if len(s.messages) != 2 || s.messages[1].text != "reconcile\n· breaks of 2024-09-10\n· breaks of 2024-09-13" {
		t.Errorf("the next day's digest: %+v", s.messages)
	}
}

func status(code int) func(http.ResponseWriter) {
	return func(w http.ResponseWriter) { w.WriteHeader(code) }
}

func says(text string) func(http.ResponseWriter) {
	return func(w http.ResponseWriter) { io.WriteString(w, text) }
}

func TestABusyRobotIsTriedAgain(t *testing.T) {
	for _, busy := range []func(http.ResponseWriter){status(500), status(503), status(429), says(`{"errcode":-1,"errmsg":"busy"}`), says(`{"errcode":45009}`)} {
		s := newRobotServer(t, WeCom)
		s.answers = []func(http.ResponseWriter){busy, busy}
		o := newOffice(t, route(t, "operations", WeCom, s, Late))
		o.tell(t, lateBill)
		if len(s.messages) != 1 || len(o.pauses) != 2 || o.pauses[1] != 2*o.pauses[0] {
			t.Errorf("%d messages, pauses %v", len(s.messages), o.pauses)
		}
	}
}

func TestARefusalIsNotRepeatedIsLoggedAndNotForgotten(t *testing.T) {
	for _, answer := range []func(http.ResponseWriter){
		status(404), says(`{"errcode":310000,"errmsg":"sign not match"}`), says("<html>not a robot</html>"), says("{}"),
	} {
		s := newRobotServer(t, DingTalk)
		s.answers = []func(http.ResponseWriter){answer}
		o := newOffice(t, route(t, "operations", DingTalk, s, Late))
		if err := o.Tell(context.Background(), []Finding{lateBill}, nothingOver); err == nil || s.tries != 1 {
			t.Errorf("error %v after %d tries", err, s.tries)
		}
		if log := o.log.String(); !strings.Contains(log, "could not be sent") || strings.Contains(log, "TOKEN") || strings.Contains(log, s.URL) {
			t.Errorf("the log: %s", log)
		}
		o.tell(t) // the robot was put right meanwhile
		if len(s.messages) != 1 || !strings.Contains(s.messages[0].text, lateBill.Text) {
			t.Errorf("then: %+v", s.messages)
		}
	}
}

func TestARobotThatIsAwayHidesItsAddressAndKeepsTheOthersGoing(t *testing.T) {
	gone, s := newRobotServer(t, WeCom), newRobotServer(t, Slack)
	away := route(t, "operations", WeCom, gone, Late)
	gone.Close()
	o := newOffice(t, away, route(t, "finance", Slack, s, Late))
	err := o.Tell(context.Background(), []Finding{lateBill}, nothingOver)
	if err == nil || strings.Contains(err.Error(), "TOKEN") || strings.Contains(o.log.String(), "TOKEN") {
		t.Errorf("error %v, log %s", err, o.log.String())
	}
	if len(o.pauses) != attempts-1 || len(s.messages) != 1 {
		t.Errorf("%d pauses, the other route got %d", len(o.pauses), len(s.messages))
	}
}

func TestSecretsThatAreNotThereAreNamedByTheirPlace(t *testing.T) {
	for _, c := range []struct {
		route Route
		want  string
	}{
		{Route{URLEnv: "NOWHERE"}, "NOWHERE is not set"},
		{Route{URLFile: "/nonexistent/url"}, "/nonexistent/url"},
		{Route{URLEnv: "SECRET"}, "not the address of a robot"},
	} {
		if err := c.route.Ready(newOffice(t).Getenv); err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "SEC0123") {
			t.Errorf("%+v: %v", c.route, err)
		}
	}
}

func TestLongMessagesAreCutAtAWholeCharacter(t *testing.T) {
	s := newRobotServer(t, WeCom)
	o := newOffice(t, route(t, "operations", WeCom, s, Late))
	long := lateBill
	long.Text = strings.Repeat("账单未到，", 500)
	o.tell(t, long)
	text := s.messages[0].text
	if len(text) > WeCom.most() || !utf8.ValidString(text) || !strings.HasSuffix(text, "…") {
		t.Errorf("%d bytes, ends in %q", len(text), text[len(text)-8:])
	}
}

func TestADamagedBookIsSaid(t *testing.T) {
	s := newRobotServer(t, Slack)
	o := newOffice(t, route(t, "operations", Slack, s, Late))
	if err := os.WriteFile(o.Book, []byte("{"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := o.Tell(context.Background(), []Finding{lateBill}, nothingOver); err == nil || !strings.Contains(err.Error(), "not a book of alerts") {
		t.Errorf("error %v", err)
	}
}
