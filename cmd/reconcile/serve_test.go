package main

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestThePageAnswersUntilItIsInterrupted: an interrupt is how it ends, and no error.
func TestThePageAnswersUntilItIsInterrupted(t *testing.T) {
	dir := t.TempDir()
	if code, _, stderr := call(context.Background(), "init", filepath.Join(dir, "demo"), "-q"); code != 0 {
		t.Fatal(stderr)
	}
	out := filepath.Join(dir, "out")
	if code, _, stderr := call(context.Background(), "run", filepath.Join(dir, "demo", "inbox"), "--out", out, "-q", "--breaks-ok"); code != 0 {
		t.Fatal(stderr)
	}
	config := filepath.Join(dir, "reconcile.yaml")
	if err := os.WriteFile(config, []byte("decisions: decisions.csv\nwrite_off_limit: 1.00\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, interrupt := context.WithCancel(context.Background())
	said, say := io.Pipe()
	var stderr bytes.Buffer
	ended := make(chan int, 1)
	go func() {
		ended <- execute(ctx, []string{"serve", "--out", out, "--config", config, "--listen", "127.0.0.1:0", "--as", "李会计"}, streams{say, &stderr}, func(string) string { return "" })
		say.Close()
	}()
	line, err := bufio.NewReader(said).ReadString('\n')
	address := regexp.MustCompile(`http://[0-9.:]+/`).FindString(line)
	if err != nil || address == "" || !strings.Contains(line, out) {
		t.Fatalf("%q, %v: %s", line, err, stderr.String())
	}
	for path, want := range map[string]string{"day/result": "Open breaks: 15", "day/result/breaks": "Up to 1.00 may be written off"} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(answer.Body)
		answer.Body.Close()
		if err != nil || answer.StatusCode != http.StatusOK || !strings.Contains(string(text), want) {
			t.Errorf("%s: %d, %v", path, answer.StatusCode, err)
		}
	}
	interrupt()
	if code := <-ended; code != exitDone {
		t.Errorf("exit %d: %s", code, stderr.String())
	}
}

func TestServeRefusesWhatItCannotShowOrMustNot(t *testing.T) {
	dir := t.TempDir()
	if code, _, stderr := call(context.Background(), "init", filepath.Join(dir, "demo"), "-q"); code != 0 {
		t.Fatal(stderr)
	}
	out := filepath.Join(dir, "out")
	if code, _, stderr := call(context.Background(), "run", filepath.Join(dir, "demo", "inbox"), "--out", out, "-q", "--breaks-ok"); code != 0 {
		t.Fatal(stderr)
	}
	var network net.ListenConfig
	taken, err := network.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	for name, c := range map[string]struct {
		args []string
		code int
		says string
	}{
		"other machines reach it": {[]string{"--out", out, "--listen", "0.0.0.0:8420"}, exitUsage, "asks for no password"},
		"no address":              {[]string{"--out", out, "--listen", "8420"}, exitUsage, "not an address such as 127.0.0.1:8420"},
		"no output":               {[]string{"--out", dir}, exitUsage, "no result"},
		"no folder":               {[]string{"--out", filepath.Join(dir, "nothing")}, exitUsage, "there is no such folder"},
		"a taken address":         {[]string{"--out", out, "--listen", taken.Addr().String()}, exitFailed, "choose another with --listen"},
		"a name of two lines":     {[]string{"--out", out, "--as", "a\nb"}, exitUsage, "give a name of one line"},
	} {
		code, _, stderr := call(context.Background(), append([]string{"serve"}, c.args...)...)
		if code != c.code || !strings.Contains(stderr, c.says) {
			t.Errorf("%s: exit %d: %s", name, code, stderr)
		}
	}
}
