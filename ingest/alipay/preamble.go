package alipay

import (
	"errors"
	"io"
	"strings"

	"reconcile/settlement"
)

// preamble is what a file says of itself before its header.
type preamble struct {
	stated      string // 账号 as written, "" where the file does not have it
	account     string // the merchant number in it
	from, until settlement.Day
	periodLine  int64
	notes       []string

	header     string
	headerLine int64
}

const adviceForm = "fetch the bill again; do not edit it"

// readPreamble reads up to and with the header.
func (l *lineReader) readPreamble(kind billKind) (*preamble, error) {
	p := &preamble{from: settlement.NoDay, until: settlement.NoDay}
	for {
		text, line, err := l.next()
		if err == io.EOF {
			return p, l.in.Errorf(line, adviceFetch, "the file ends before its header: it is truncated")
		}
		if err != nil {
			return p, err
		}
		trimmed := unpadded(text)
		if trimmed == "" {
			continue
		}
		if trimmed[0] != '#' {
			p.header, p.headerLine = text, line
			return p, nil
		}
		if why := p.take(trimmed, line, kind); why != nil {
			return p, l.in.Errorf(line, adviceForm, "%v", why)
		}
	}
}

const adviceFetch = "fetch the bill again"

// take reads one line of the preamble.
func (p *preamble) take(text string, line int64, kind billKind) error {
	switch {
	case has(text, kind.title), has(text, kind.list) && !has(text, "结束"):
		return nil
	case strings.HasPrefix(text, "#账号"):
		if p.stated != "" {
			return errors.New("a second 账号")
		}
		return p.takeAccount(text)
	case strings.HasPrefix(text, "#查询起始日期"):
		if p.periodLine != 0 {
			return errors.New("a second 查询起始日期")
		}
		p.periodLine = line
		return p.takeQuery(text)
	case strings.HasPrefix(text, "#起始日期"):
		if p.periodLine != 0 {
			return errors.New("a second 起始日期")
		}
		p.periodLine = line
		return p.takePeriod(text)
	case strings.HasPrefix(text, "#导出时间"):
		return nil
	case has(text, "列表结束"):
		return errors.New("the list ends before its header")
	}
	return errors.New("a line that does not belong before the rows of " + kind.name)
}

// accountSuffix follows the merchant's 16 digits in 账号.
const accountSuffix = "0156"

func (p *preamble) takeAccount(text string) error {
	value, ok := afterColon(text, "#账号")
	portal := false
	if at := strings.LastIndexByte(value, '['); at > 0 { // the portal's mail[2088…]: the mail is not kept
		value, portal = value[at:], true
	}
	inside, rest, bracketsOK := bracketed(value)
	if !ok || !bracketsOK || rest != "" || inside == "" {
		return errors.New("not of the form #账号：[…]")
	}
	p.stated, p.account = inside, inside
	if len(inside) == 20 && strings.HasSuffix(inside, accountSuffix) && strings.Trim(inside, "0123456789") == "" {
		p.account = inside[:16]
	} else if !portal || len(inside) != 16 || strings.Trim(inside, "0123456789") != "" {
		p.notes = append(p.notes, "账号 ["+inside+"] is not 16 digits and "+accountSuffix+": it is taken whole as the account")
	}
	return nil
}

// takeQuery reads the portal's `#查询起始日期：2024-09-01 00:00:00查询终止日期：2024-09-12 18:06:54`.
// The days of both ends count as asked for, since rows of them are there.
func (p *preamble) takeQuery(text string) error {
	form := errors.New("not of the form #查询起始日期：2024-09-01 00:00:00查询终止日期：2024-09-12 18:06:54")
	value, ok := afterColon(text, "#查询起始日期")
	start, end, both := strings.Cut(value, "查询终止日期")
	end, ok2 := afterColon(end, "")
	if !ok || !both || !ok2 {
		return form
	}
	from, err1 := settlement.ParseInstant([]byte(strings.Trim(start, " \t，,")))
	until, err2 := settlement.ParseInstant([]byte(strings.Trim(end, " \t")))
	if err1 != nil || err2 != nil {
		return form
	}
	if until <= from {
		return errors.New("查询终止日期 is not after 查询起始日期")
	}
	p.from, p.until = settlement.DayOf(from), settlement.DayOf(until-settlement.Second)+1
	if from != p.from.Start() || until != p.until.Start() && until+settlement.Second != p.until.Start() {
		p.notes = append(p.notes, "the export was asked for from "+strings.TrimSpace(start)+" to "+strings.TrimSpace(end)+": the rest of these days is not in it")
	}
	return nil
}

func (p *preamble) takePeriod(text string) error {
	form := errors.New("not of the form #起始日期：[2024年09月12日 00:00:00]   终止日期：[2024年09月13日 00:00:00]")
	value, ok := afterColon(text, "#起始日期")
	start, rest, startOK := bracketed(value)
	value, restOK := afterColon(rest, "终止日期")
	end, rest, endOK := bracketed(value)
	if !ok || !startOK || !restOK || !endOK || rest != "" {
		return form
	}
	from, err1 := stamp(start)
	until, err2 := stamp(end)
	if err1 != nil || err2 != nil {
		return form
	}
	if from != settlement.DayOf(from).Start() {
		return errors.New("起始日期 is not the start of a day")
	}
	last := settlement.DayOf(until)
	switch {
	case until == last.Start():
	case until+settlement.Second == (last + 1).Start():
		last++
		p.notes = append(p.notes, "终止日期 ends with 23:59:59: that day is taken as part of the period")
	default:
		return errors.New("终止日期 is not the start of a day")
	}
	p.from, p.until = settlement.DayOf(from), last
	if p.until <= p.from {
		return errors.New("终止日期 is not after 起始日期")
	}
	return nil
}

var stampWords = strings.NewReplacer("年", "-", "月", "-", "日", "")

// stamp reads 2024年09月12日 00:00:00.
func stamp(text string) (settlement.Instant, error) {
	return settlement.ParseInstant([]byte(stampWords.Replace(text)))
}

// complete checks what only a bill must have, and what configuration states.
func (p *preamble) complete(l *lineReader) error {
	if p.stated == "" {
		return l.in.Errorf(0, adviceFetch, "the bill does not state its account: the line #账号：[…] is missing")
	}
	if p.periodLine == 0 {
		return l.in.Errorf(0, adviceFetch, "the bill does not state its period: the line #起始日期：[…] 终止日期：[…] is missing")
	}
	return p.agrees(l)
}

// agrees checks the account and the day that are known from outside.
func (p *preamble) agrees(l *lineReader) error {
	if want := l.in.Account; want != "" && p.stated != "" && want != p.account && want != p.stated {
		return l.in.Errorf(0, "move the file to its account's source, or correct the configuration",
			"the file is of account %s where %s is configured", p.account, want)
	}
	if day := l.in.Day; day != settlement.NoDay && p.periodLine != 0 && (day < p.from || day >= p.until) {
		return l.in.Errorf(p.periodLine, "fetch the bill of that day",
			"the file is of %s up to %s, which %s is not in", p.from, p.until-1, day)
	}
	return nil
}
