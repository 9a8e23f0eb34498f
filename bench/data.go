package main

import (
	"archive/zip"
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/text/encoding/simplifiedchinese"

	"reconcile/generate"
)

// day names the files of a generated day.
type day struct {
	Orders int
	// On is the settlement day, 2024-09-12.
	On string
	// PID is the account of the merchant at Alipay.
	PID  string
	Seed uint64
	// Input is what the wallets and the merchant deliver; reconcile reads these.
	Input []string
	// Zip is Alipay's archive among them; UTF8 its details, decoded, in parts where
	// the archive has parts. Peers read these in its place.
	Zip              string
	UTF8             []string
	WeChat           []string
	OrdersCSV        string
	RefundsCSV       string
	AlipayLines      int64
	WeChatLines      int64
	OrderRows        int64
	RefundRows       int64
	Planted          int
	DeliveredBytes   int64 // as the files lie there
	UncompressedUTF8 int64 // of what the peers read
}

// generateDay writes a day into dir, and with utf8 Alipay's details as UTF-8 beside it.
func generateDay(dir string, o generate.Options, utf8 bool) (*day, error) {
	key, err := generate.Day(filepath.Join(dir, "input"), o)
	if err != nil {
		return nil, err
	}
	d := &day{Orders: o.Orders, On: o.Day.String(), PID: o.Alipay.PID, Seed: o.Seed, Input: key.Files, AlipayLines: key.Alipay.Lines(), WeChatLines: key.WeChat.Lines(),
		OrderRows: key.OrderRows, RefundRows: key.RefundRows, Planted: len(key.Planted)}
	for _, path := range key.Files {
		switch base := filepath.Base(path); {
		case strings.HasSuffix(base, ".zip"):
			d.Zip = path
		case base == generate.OrdersFile:
			d.OrdersCSV = path
		case base == generate.RefundsFile:
			d.RefundsCSV = path
		default:
			d.WeChat = append(d.WeChat, path)
		}
	}
	if utf8 {
		if d.UTF8, err = decodeAlipay(d.Zip, filepath.Join(dir, "utf8")); err != nil {
			return nil, err
		}
	}
	for _, path := range d.Input {
		d.DeliveredBytes += sizeOf(path)
	}
	for _, path := range append(append([]string{d.OrdersCSV, d.RefundsCSV}, d.WeChat...), d.UTF8...) {
		d.UncompressedUTF8 += sizeOf(path)
	}
	return d, d.save(dir)
}

func sizeOf(path string) int64 {
	info, err := os.Stat(path)
	if err != nil {
		return 0
	}
	return info.Size()
}

func (d *day) save(dir string) error {
	text, err := json.MarshalIndent(d, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "day.json"), text, 0o666)
}

func loadDay(dir string) (*day, error) {
	text, err := os.ReadFile(filepath.Join(dir, "day.json"))
	if err != nil {
		return nil, err
	}
	d := &day{}
	return d, json.Unmarshal(text, d)
}

// decodeAlipay writes the detail members of Alipay's archive as UTF-8.
func decodeAlipay(archive, dir string) (paths []string, err error) {
	z, err := zip.OpenReader(archive)
	if err != nil {
		return nil, err
	}
	defer z.Close()
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, err
	}
	for _, member := range z.File {
		path := filepath.Join(dir, fmt.Sprintf("alipay_%d.csv", len(paths)+1))
		details, err := decodeMember(member, path)
		if err != nil {
			return nil, err
		}
		if details {
			paths = append(paths, path)
		}
	}
	return paths, nil
}

// decodeMember writes a member as UTF-8 where its first line says that it holds
// details (业务明细查询), not the summary.
func decodeMember(member *zip.File, path string) (details bool, err error) {
	in, err := member.Open()
	if err != nil {
		return false, err
	}
	defer in.Close()
	text := bufio.NewReaderSize(simplifiedchinese.GB18030.NewDecoder().Reader(bufio.NewReaderSize(in, 1<<20)), 1<<20)
	first, err := text.ReadString('\n')
	if err != nil {
		return false, err
	}
	if !strings.Contains(first, "业务明细查询") {
		return false, nil
	}
	out, err := os.Create(path)
	if err != nil {
		return false, err
	}
	defer out.Close()
	if _, err := out.WriteString(first); err != nil {
		return false, err
	}
	_, err = io.Copy(out, text)
	return true, err
}
