package output

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/apache/arrow/go/v17/arrow/memory"
	"github.com/apache/arrow/go/v17/parquet"
	"github.com/apache/arrow/go/v17/parquet/file"
	"github.com/apache/arrow/go/v17/parquet/schema"

	"reconcile/settlement"
)

// Row is one row of a written table, as text for people: money "12.34", rates
// "0.006000", instants in Asia/Shanghai as the wallets print them, days
// "2024-09-12", flags "true" or "false", null as "". It is valid until the
// function it was given to returns.
type Row struct {
	part *part
	row  int
}

// Columns returns the names of the columns, in the file's order.
func (r Row) Columns() []string { return r.part.names }

// Text returns the value of a column, "" for null and for an unknown column. A
// column is decoded when it is first asked for in a row group: reading few
// columns of many rows is cheap.
func (r Row) Text(column string) string { return r.At(slices.Index(r.part.names, column)) }

// At is Text by the column's index.
func (r Row) At(column int) string {
	if c := r.part.load(column); c != nil {
		return c.text(r.row)
	}
	return ""
}

// IsNull tells null from the empty text; an unknown column is null.
func (r Row) IsNull(column string) bool {
	c := r.part.load(slices.Index(r.part.names, column))
	return c == nil || c.at[r.row] < 0
}

// Money returns the fen of a money column; ok is false for null and for columns
// of another type.
func (r Row) Money(column string) (fen settlement.Amount, ok bool) {
	c := r.part.load(slices.Index(r.part.names, column))
	if c == nil || c.wide == nil || c.scale != 2 || c.at[r.row] < 0 {
		return 0, false
	}
	return settlement.Amount(c.wide[c.at[r.row]]), true
}

// ErrStop, returned by the function given to ReadTable or ReadFile, ends the
// reading without an error.
var ErrStop = errors.New("stop reading")

// ReadTable calls fn with each row of a table of the result in dir, part by part
// and in order. A table without parts has no rows. Reading ends with fn's error;
// a damaged file is an error that names it, never a crash.
func ReadTable(dir, table string, fn func(Row) error) error {
	parts, err := Parts(dir, table)
	if err != nil {
		return err
	}
	for _, path := range parts {
		if err := readFile(path, fn); err != nil {
			if errors.Is(err, ErrStop) {
				return nil
			}
			return err
		}
	}
	return nil
}

// Until is fn for as long as ctx goes on: reading then ends with the error of ctx.
func Until(ctx context.Context, fn func(Row) error) func(Row) error {
	const every = 4096 // rows, between which it is not asked
	rows := 0
	return func(r Row) error {
		if rows++; rows%every == 1 && ctx.Err() != nil {
			return ctx.Err()
		}
		return fn(r)
	}
}

// ReadFile is ReadTable for one Parquet file.
func ReadFile(path string, fn func(Row) error) error {
	if err := readFile(path, fn); !errors.Is(err, ErrStop) {
		return err
	}
	return nil
}

// Parts returns the paths of the parts of a table in dir, in order.
func Parts(dir, table string) ([]string, error) {
	entries, err := os.ReadDir(filepath.Join(dir, table))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var parts []string
	for _, e := range entries {
		name := strings.TrimSuffix(e.Name(), stagedSuffix)
		if e.Type().IsRegular() && strings.HasPrefix(name, "part-") && strings.HasSuffix(name, ".parquet") {
			parts = append(parts, filepath.Join(dir, table, e.Name()))
		}
	}
	return parts, nil
}

func readFile(path string, fn func(Row) error) error {
	p, err := openPart(path)
	if err != nil {
		return err
	}
	defer p.close()
	for group := range p.reader.NumRowGroups() {
		rows := p.enter(group)
		for i := range rows {
			if err := fn(Row{p, i}); err != nil {
				return err
			}
			if p.err != nil {
				return p.err
			}
		}
	}
	return nil
}

// part reads a part with arrow-go, one row group at a time, each column when it
// is first asked for.
type part struct {
	path    string
	reader  *file.Reader
	names   []string
	group   int
	rows    int
	columns []*readColumn // of the row group, nil where not yet read
	err     error         // the first column that could not be read
}

// readColumn is a column of a row group. Exactly one of the value slices is used;
// at[row] is the index into it, −1 for null.
type readColumn struct {
	logical schema.LogicalType
	scale   int32 // of decimals, else −1
	at      []int32
	wide    []int64
	narrow  []int32
	flags   []bool
	texts   []string
}

// openPart opens a part for arrow-go. The witness looks at footer and page
// headers first, because arrow-go allocates what a damaged header asks for.
func openPart(path string) (p *part, err error) {
	defer recovered(path, &err)
	w, err := openWitness(path)
	if err != nil {
		return nil, err
	}
	err = w.checkPages()
	w.close()
	if err != nil {
		return nil, err
	}
	in, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() {
		if p == nil {
			in.Close()
		}
	}()
	r, err := file.NewParquetReader(in, file.WithReadProps(parquet.NewReaderProperties(memory.NewGoAllocator())))
	if err != nil {
		return nil, fmt.Errorf("%s: %w: %w", path, ErrDamaged, err)
	}
	sc := r.MetaData().Schema
	names := make([]string, sc.NumColumns())
	for i := range names {
		names[i] = sc.Column(i).Name()
	}
	return &part{path: path, reader: r, names: names, columns: make([]*readColumn, len(names))}, nil
}

func (p *part) close() { p.reader.Close() }

// enter goes to a row group and returns how many rows it has.
func (p *part) enter(group int) int {
	p.group, p.rows = group, int(p.reader.MetaData().RowGroups[group].NumRows)
	clear(p.columns)
	return p.rows
}

// load returns a column of the row group; nil for an unknown one and after an
// error, which p.err keeps.
func (p *part) load(column int) *readColumn {
	if column < 0 || column >= len(p.columns) || p.err != nil {
		return nil
	}
	if p.columns[column] == nil {
		c, err := p.read(column)
		if err != nil {
			p.err = err
			return nil
		}
		p.columns[column] = c
	}
	return p.columns[column]
}

func (p *part) read(column int) (c *readColumn, err error) {
	what := fmt.Sprintf("%s: column %s, row group %d", p.path, p.names[column], p.group)
	defer recovered(what, &err)
	chunk, err := p.reader.RowGroup(p.group).Column(column)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", what, err)
	}
	levels := make([]int16, p.rows)
	descr := chunk.Descriptor()
	if descr.MaxDefinitionLevel() > 1 || descr.MaxRepetitionLevel() > 0 {
		return nil, fmt.Errorf("%s: %w: nested columns", what, ErrDamaged)
	}
	c = &readColumn{logical: descr.LogicalType(), scale: -1}
	if d, ok := c.logical.(*schema.DecimalLogicalType); ok {
		c.scale = d.Scale()
	}
	values := 0
	rows := 0
	switch r := chunk.(type) {
	case *file.Int64ColumnChunkReader:
		c.wide = make([]int64, p.rows)
		rows, values, err = fill(c.wide, levels, r.ReadBatch)
	case *file.Int32ColumnChunkReader:
		c.narrow = make([]int32, p.rows)
		rows, values, err = fill(c.narrow, levels, r.ReadBatch)
	case *file.BooleanColumnChunkReader:
		c.flags = make([]bool, p.rows)
		rows, values, err = fill(c.flags, levels, r.ReadBatch)
	case *file.ByteArrayColumnChunkReader:
		raw := make([]parquet.ByteArray, p.rows)
		rows, values, err = fill(raw, levels, r.ReadBatch)
		c.texts = make([]string, values)
		for i := range c.texts {
			c.texts[i] = string(raw[i])
		}
	default:
		return nil, fmt.Errorf("%s: %w: type %s", what, ErrDamaged, chunk.Type())
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", what, err)
	}
	if rows != p.rows {
		return nil, fmt.Errorf("%s: %w: %d rows of %d", what, ErrDamaged, rows, p.rows)
	}
	return c, c.place(levels, descr.MaxDefinitionLevel(), values, what)
}

// fill reads a whole chunk: levels for every row, values for those not null.
func fill[T any](values []T, levels []int16, read func(int64, []T, []int16, []int16) (int64, int, error)) (rows, used int, err error) {
	for rows < len(levels) {
		n, v, err := read(int64(len(levels)-rows), values[used:], levels[rows:], nil)
		if err != nil {
			return rows, used, err
		}
		if n == 0 {
			break
		}
		rows, used = rows+int(n), used+v
	}
	return rows, used, nil
}

// place fills c.at from the levels.
func (c *readColumn) place(levels []int16, defined int16, values int, what string) error {
	c.at = make([]int32, len(levels))
	next := int32(0)
	for i, level := range levels {
		if defined > 0 && level < defined {
			c.at[i] = -1
			continue
		}
		c.at[i] = next
		next++
	}
	if int(next) != values {
		return fmt.Errorf("%s: %w: %d values for %d rows that are not null", what, ErrDamaged, values, next)
	}
	return nil
}

// text prints the value of a row for people.
func (c *readColumn) text(row int) string {
	at := c.at[row]
	switch {
	case at < 0:
		return ""
	case c.texts != nil:
		return c.texts[at]
	case c.flags != nil:
		return strconv.FormatBool(c.flags[at])
	}
	v := int64(0)
	if c.wide != nil {
		v = c.wide[at]
	} else {
		v = int64(c.narrow[at])
	}
	switch l := c.logical.(type) {
	case *schema.TimestampLogicalType:
		if l.TimeUnit() == schema.TimeUnitMicros {
			return settlement.Instant(v).String()
		}
	case schema.DateLogicalType:
		return settlement.Day(v).String()
	case *schema.DecimalLogicalType:
		return decimalText(v, int(l.Scale()))
	}
	return strconv.FormatInt(v, 10)
}

// decimalText prints v, a count of 10^-scale units, with that many decimals.
func decimalText(v int64, scale int) string {
	digits := strconv.FormatInt(v, 10)
	sign := ""
	if digits[0] == '-' {
		sign, digits = "-", digits[1:]
	}
	if scale <= 0 {
		return sign + digits
	}
	for len(digits) <= scale {
		digits = "0" + digits
	}
	return sign + digits[:len(digits)-scale] + "." + digits[len(digits)-scale:]
}
