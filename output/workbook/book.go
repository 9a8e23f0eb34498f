package workbook

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/klauspost/compress/flate"
	"github.com/xuri/excelize/v2"
)

// book is a workbook while it is written.
type book struct {
	file *excelize.File
	say  func(string) string
	// reason gives a reason in the reader's language.
	reason func(string) string
	// limit is how many rows a sheet takes.
	limit  int64
	sheets int
	styles [looks]int
}

// look is how a cell looks.
type look uint8

const (
	lookPlain look = iota // text, which stays text when it is edited
	lookProse             // the same, wrapped
	lookWord
	lookMoney
	lookMoneyText // an amount that no spreadsheet holds as a number
	lookCount
	lookDay
	lookShare // in hundredths of a percent
	lookRate  // in thousandths of a percent, as fees are agreed and the page shows them
	lookTitle
	lookNote
	lookSection
	lookHeading
	lookHeadingRight
	lookTotalText
	lookTotalMoney
	lookTotalCount
	lookEdited
	lookEditedMoment
	lookEditedHeading
	looks // how many there are
)

// fontName is the font of all cells: of those that Excel brings along everywhere, the one
// with the better Chinese.
const fontName = "Microsoft YaHei"

// Number formats that every spreadsheet knows by their number.
const (
	formatMoney   = 4 // #,##0.00
	formatCount   = 3 // #,##0
	formatPercent = 10
	formatText    = 49
)

func newBook(tmp string, o Options) (*book, error) {
	b := &book{file: excelize.NewFile(excelize.Options{TmpDir: tmp}), say: sayer(o.Chinese), reason: o.Reason, limit: excelize.TotalRows}
	if b.reason == nil {
		b.reason = func(text string) string { return text }
	}
	if err := b.file.SetDefaultFont(fontName); err != nil {
		return nil, errors.Join(err, b.file.Close())
	}
	for i, s := range styles() {
		id, err := b.file.NewStyle(s)
		if err != nil {
			return nil, errors.Join(err, b.file.Close())
		}
		b.styles[i] = id
	}
	return b, nil
}

func styles() [looks]*excelize.Style {
	format := func(text string) *string { return &text }
	top := func(horizontal string) *excelize.Alignment {
		a := &excelize.Alignment{Vertical: "top", Horizontal: horizontal}
		if horizontal == "right" {
			a.Indent = 1 // keeps numbers apart from the text behind them
		}
		return a
	}
	wrapped := &excelize.Alignment{Vertical: "top", WrapText: true}
	bold := func(size float64, color string) *excelize.Font {
		return &excelize.Font{Family: fontName, Bold: true, Size: size, Color: color}
	}
	fill := func(color string) excelize.Fill {
		return excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{color}}
	}
	line := func(side string) excelize.Border { return excelize.Border{Type: side, Color: "8EA2C0", Style: 1} }
	under, over := []excelize.Border{line("bottom")}, []excelize.Border{line("top"), line("bottom")}
	hair := []excelize.Border{{Type: "bottom", Color: "E3E8EF", Style: 1}}
	const blue, yellow, grey, ink = "E8EEF7", "FFF9DB", "F4F6FA", "1F3A5F"
	return [looks]*excelize.Style{
		lookPlain:         {NumFmt: formatText, Alignment: top(""), Border: hair},
		lookProse:         {NumFmt: formatText, Alignment: wrapped, Border: hair},
		lookWord:          {NumFmt: formatText, Alignment: top(""), Border: hair},
		lookMoney:         {NumFmt: formatMoney, Alignment: top("right"), Border: hair},
		lookMoneyText:     {NumFmt: formatText, Alignment: top("right"), Border: hair},
		lookCount:         {NumFmt: formatCount, Alignment: top("right"), Border: hair},
		lookDay:           {CustomNumFmt: format("yyyy-mm-dd"), Alignment: top("left"), Border: hair},
		lookShare:         {NumFmt: formatPercent, Alignment: top("right"), Border: hair},
		lookRate:          {CustomNumFmt: format("0.000%"), Alignment: top("right"), Border: hair},
		lookTitle:         {Font: bold(14, ink), NumFmt: formatText},
		lookNote:          {Font: &excelize.Font{Family: fontName, Color: "5B6675", Size: 10}, NumFmt: formatText},
		lookSection:       {Font: bold(12, ink), NumFmt: formatText},
		lookHeading:       {Font: bold(11, ink), Fill: fill(blue), Border: under, NumFmt: formatText, Alignment: &excelize.Alignment{Vertical: "center", WrapText: true}},
		lookHeadingRight:  {Font: bold(11, ink), Fill: fill(blue), Border: under, NumFmt: formatText, Alignment: &excelize.Alignment{Vertical: "center", Horizontal: "right", Indent: 1, WrapText: true}},
		lookTotalText:     {Font: bold(11, ""), Fill: fill(grey), Border: over, NumFmt: formatText},
		lookTotalMoney:    {Font: bold(11, ""), Fill: fill(grey), Border: over, NumFmt: formatMoney, Alignment: &excelize.Alignment{Horizontal: "right", Indent: 1}},
		lookTotalCount:    {Font: bold(11, ""), Fill: fill(grey), Border: over, NumFmt: formatCount, Alignment: &excelize.Alignment{Horizontal: "right", Indent: 1}},
		lookEdited:        {Fill: fill(yellow), NumFmt: formatText, Alignment: wrapped, Border: hair},
		lookEditedMoment:  {Fill: fill(yellow), CustomNumFmt: format("yyyy-mm-dd hh:mm:ss"), Alignment: top("left"), Border: hair},
		lookEditedHeading: {Font: bold(11, ink), Fill: fill("FFEFA8"), Border: under, NumFmt: formatText, Alignment: &excelize.Alignment{Vertical: "center", WrapText: true}},
	}
}

// save writes the workbook to path, where it is whole or not at all.
func (b *book) save(path string) (err error) {
	loose, err := os.CreateTemp(filepath.Dir(path), ".workbook-*.tmp")
	if err != nil {
		return err
	}
	defer func() { err = firstFault(err, loose.Close(), os.Remove(loose.Name())) }()
	b.file.SetZipWriter(func(io.Writer) excelize.ZipWriter { return newArchive(loose) }) // not by way of memory
	if _, err := b.file.WriteTo(io.Discard); err != nil {
		return err
	}
	temporary, err := os.CreateTemp(filepath.Dir(path), ".workbook-*.tmp")
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(temporary.Name()) }() // after the rename it is gone
	err = inOrder(temporary, loose)
	for _, step := range []func() error{func() error { return temporary.Chmod(0o644) }, temporary.Sync, func() error { return readsBack(temporary) }} {
		if err == nil {
			err = step()
		}
	}
	if err := firstFault(err, temporary.Close()); err != nil {
		return err
	}
	return os.Rename(temporary.Name(), path)
}

// readsBack proves the checksums of an archive's members: a disk may say that it has
// written what it has not.
func readsBack(f *os.File) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	archive, err := zip.NewReader(f, info.Size())
	if err != nil {
		return notAsWritten(f, err)
	}
	for _, member := range archive.File {
		text, err := member.Open()
		if err == nil {
			_, err = io.Copy(io.Discard, text)
			err = firstFault(err, text.Close())
		}
		if err != nil {
			return notAsWritten(f, err)
		}
	}
	return nil
}

func notAsWritten(f *os.File, err error) error {
	return fmt.Errorf("%s does not read back as it was written (is the disk in order?): %w", f.Name(), err)
}

// firstFault is the error that came first: those of closing what failed say nothing more.
func firstFault(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// inOrder copies an archive with its members in the order of their names: excelize
// writes sheets in the order of a map, and equal workbooks would be other files.
func inOrder(to io.Writer, from *os.File) error {
	info, err := from.Stat()
	if err != nil {
		return err
	}
	archive, err := zip.NewReader(from, info.Size())
	if err != nil {
		return notAsWritten(from, err)
	}
	slices.SortFunc(archive.File, func(x, y *zip.File) int { return strings.Compare(x.Name, y.Name) })
	out := zip.NewWriter(to)
	for _, member := range archive.File {
		if err := out.Copy(member); err != nil {
			if errors.Is(err, zip.ErrFormat) {
				err = notAsWritten(from, err)
			}
			return firstFault(err, out.Close())
		}
	}
	return out.Close()
}

// newArchive is an archive whose members are packed at little cost.
func newArchive(to io.Writer) *zip.Writer {
	w := zip.NewWriter(to)
	w.RegisterCompressor(zip.Deflate, func(to io.Writer) (io.WriteCloser, error) { return flate.NewWriter(to, packing) })
	return w
}

// packing is the level of compression.
const packing = 4

func (b *book) close() error { return b.file.Close() }
