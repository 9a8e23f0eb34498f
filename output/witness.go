package output

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"os"

	"github.com/klauspost/compress/zstd"
	"github.com/xitongsys/parquet-go/compress"
	"github.com/xitongsys/parquet-go/encoding"
	"github.com/xitongsys/parquet-go/layout"
	"github.com/xitongsys/parquet-go/parquet"
	"github.com/xitongsys/parquet-go/reader"
	"github.com/xitongsys/parquet-go/source"
)

// A witness reads a part with xitongsys/parquet-go: its footer, its page headers,
// its decompression and its decoding of levels, dictionaries and values. Only the
// walk from page to page is here, because the library's own walk assembles
// records and takes twenty times as long.
//
// Sizes are checked before anything is allocated for them, and decode errors and
// panics of the library become errors: a damaged file is an error, never a crash.
type witness struct {
	file    *os.File
	path    string
	size    int64
	footer  *parquet.FileMetaData
	columns []*parquet.SchemaElement // the leaves, in the file's order

	chunk []byte  // the column chunk being read
	rows  []int32 // what FileTotals knows of the rows of a row group
	wide  []any   // the values of its page, where they are PLAIN 64-bit numbers
}

// largestPage bounds what a damaged page header can make a reader allocate.
const largestPage = 1 << 30

// ErrDamaged marks a file that is no part written by this program, or no longer
// what was written.
var ErrDamaged = errors.New("not a Parquet file of ours, or damaged")

func openWitness(path string) (w *witness, err error) {
	defer recovered(path, &err)
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	w = &witness{file: file, path: path}
	if err := w.readFooter(); err != nil {
		file.Close()
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return w, nil
}

func (w *witness) close() { w.file.Close() }

func (w *witness) readFooter() error {
	stat, err := w.file.Stat()
	if err != nil {
		return err
	}
	w.size = stat.Size()
	var tail [8]byte
	if w.size < 12 {
		return fmt.Errorf("%w: %d bytes", ErrDamaged, w.size)
	}
	if _, err := w.file.ReadAt(tail[:], w.size-8); err != nil {
		return err
	}
	length := int64(binary.LittleEndian.Uint32(tail[:]))
	if string(tail[4:]) != magic || length > w.size-12 {
		return fmt.Errorf("%w: no footer", ErrDamaged)
	}
	raw := make([]byte, length+8)
	if _, err := w.file.ReadAt(raw, w.size-length-8); err != nil {
		return err
	}
	r := &reader.ParquetReader{PFile: memoryFile{bytes.NewReader(raw)}}
	if err := r.ReadFooter(); err != nil {
		return fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	w.footer = r.Footer
	if len(w.footer.Schema) < 1 {
		return fmt.Errorf("%w: no schema", ErrDamaged)
	}
	w.columns = w.footer.Schema[1:]
	return w.checkFooter()
}

// checkFooter refuses what would lead readers astray.
func (w *witness) checkFooter() error {
	for _, c := range w.columns {
		if c.GetNumChildren() > 0 || c.Type == nil || c.GetRepetitionType() == parquet.FieldRepetitionType_REPEATED {
			return fmt.Errorf("%w: nested columns", ErrDamaged)
		}
	}
	var rows int64
	for g, group := range w.footer.RowGroups {
		if len(group.Columns) != len(w.columns) || group.NumRows < 0 {
			return fmt.Errorf("%w: row group %d has %d columns of %d", ErrDamaged, g, len(group.Columns), len(w.columns))
		}
		for i, chunk := range group.Columns {
			m := chunk.MetaData
			if m == nil || m.Codec != parquet.CompressionCodec_ZSTD || m.NumValues != group.NumRows || m.Type != w.columns[i].GetType() || w.start(m) < 4 ||
				m.TotalCompressedSize < 0 || m.TotalCompressedSize > w.size-w.start(m) {
				return fmt.Errorf("%w: column %s of row group %d", ErrDamaged, w.columns[i].Name, g)
			}
		}
		rows += group.NumRows
	}
	if rows != w.footer.NumRows || rows < 0 {
		return fmt.Errorf("%w: %d rows in the row groups, %d in the footer", ErrDamaged, rows, w.footer.NumRows)
	}
	return nil
}

// start is where a column chunk begins.
func (w *witness) start(m *parquet.ColumnMetaData) int64 {
	if m.DictionaryPageOffset != nil {
		return *m.DictionaryPageOffset
	}
	return m.DataPageOffset
}

// column returns the index of a column, -1 where there is none.
func (w *witness) column(name string) int {
	for i, c := range w.columns {
		if c.Name == name {
			return i
		}
	}
	return -1
}

// decodedPage is one data page as the library decodes it. It is valid until the next
// page is decoded.
type decodedPage struct {
	rows   int
	levels []any // int64 0 or 1 a row, nil where the column is never null
	values []any // of the rows that are not null; entries of dict where that is set
	dict   []any
}

// null says whether row i of the page is null.
func (p *decodedPage) null(i int) bool { return p.levels != nil && p.levels[i].(int64) == 0 }

// value returns value i of those that are not null.
func (p *decodedPage) value(i int) any {
	if p.dict != nil {
		return p.dict[p.values[i].(int64)]
	}
	return p.values[i]
}

// pages calls fn with each data page of a column of a row group, in order.
func (w *witness) pages(group, column int, fn func(*decodedPage) error) (err error) {
	name := w.columns[column].Name
	defer recovered(fmt.Sprintf("%s: column %s, row group %d", w.path, name, group), &err)
	m := w.footer.RowGroups[group].Columns[column].MetaData
	w.chunk = sized(w.chunk, int(m.TotalCompressedSize))
	if _, err := w.file.ReadAt(w.chunk, w.start(m)); err != nil {
		return err
	}
	var dict []any
	rows := int64(0)
	for at := 0; rows < m.NumValues; {
		header, body, err := pageAt(w.chunk[at:], int64(len(w.chunk)-at), m.TotalUncompressedSize, m.NumValues-rows)
		if err != nil {
			return fmt.Errorf("%s: column %s, row group %d: %w", w.path, name, group, err)
		}
		raw, err := compress.Uncompress(w.chunk[at+body:at+body+int(header.CompressedPageSize)], m.Codec)
		if err == nil && len(raw) != int(header.UncompressedPageSize) {
			err = errors.New("its size is not the stated one")
		}
		if err != nil {
			return fmt.Errorf("%s: column %s, row group %d: %w: a page does not unpack: %w", w.path, name, group, ErrDamaged, err)
		}
		at += body + int(header.CompressedPageSize)
		if header.Type == parquet.PageType_DICTIONARY_PAGE {
			dict, err = encoding.ReadPlain(bytes.NewReader(raw), m.Type, uint64(header.DictionaryPageHeader.NumValues), 0)
			if err != nil {
				return err
			}
			continue
		}
		page, err := w.decodePage(raw, header.DataPageHeader, w.columns[column], dict)
		if err != nil {
			return fmt.Errorf("%s: column %s, row group %d: %w", w.path, name, group, err)
		}
		if err := fn(page); err != nil {
			return err
		}
		rows += int64(page.rows)
	}
	return nil
}

// checkPages looks at every page header without decoding what follows.
func (w *witness) checkPages() error {
	for g, group := range w.footer.RowGroups {
		for i := range w.columns {
			m := group.Columns[i].MetaData
			if err := w.checkChunk(m); err != nil {
				return fmt.Errorf("%s: column %s, row group %d: %w", w.path, w.columns[i].Name, g, err)
			}
		}
	}
	return nil
}

func (w *witness) checkChunk(m *parquet.ColumnMetaData) (err error) {
	defer recovered("page header", &err)
	var head [1024]byte
	at, end := w.start(m), w.start(m)+m.TotalCompressedSize
	for rows := int64(0); rows < m.NumValues; {
		n, err := w.file.ReadAt(head[:min(int64(len(head)), end-at)], at)
		if err != nil {
			return err
		}
		header, body, err := pageAt(head[:n], end-at, m.TotalUncompressedSize, m.NumValues-rows)
		if err != nil {
			return err
		}
		if header.DataPageHeader != nil {
			rows += int64(header.DataPageHeader.NumValues)
		}
		at += int64(body) + int64(header.CompressedPageSize)
	}
	return nil
}

// pageAt reads and checks the page header at the start of head. size is what is
// left of the chunk, header included; no more than unpacked bytes and left values
// may be in the page. body is where the page's bytes begin.
func pageAt(head []byte, size, unpacked, left int64) (header *parquet.PageHeader, body int, err error) {
	file := byteByByte{memoryFile{bytes.NewReader(head)}}
	header, err = layout.ReadPageHeader(source.ConvertToThriftReader(file, 0, 1))
	if err != nil {
		return nil, 0, fmt.Errorf("%w: page header: %w", ErrDamaged, err)
	}
	body = len(head) - file.Len()
	ok := header.CompressedPageSize >= 0 && int64(header.CompressedPageSize) <= size-int64(body) &&
		header.UncompressedPageSize >= 0 && int64(header.UncompressedPageSize) <= min(unpacked, largestPage)
	switch {
	case !ok:
	case header.Type == parquet.PageType_DICTIONARY_PAGE && header.DictionaryPageHeader != nil:
		n := header.DictionaryPageHeader.NumValues
		ok = n >= 0 && n <= header.UncompressedPageSize
	case header.Type == parquet.PageType_DATA_PAGE && header.DataPageHeader != nil:
		n := header.DataPageHeader.NumValues
		ok = n > 0 && int64(n) <= left
	default:
		ok = false
	}
	if !ok || !unpacksTo(head[body:], int64(header.UncompressedPageSize)) {
		return nil, 0, fmt.Errorf("%w: page header", ErrDamaged)
	}
	return header, body, nil
}

// unpacksTo says whether a zstd frame that begins a page does not ask for more
// memory than the page is said to need.
func unpacksTo(frame []byte, size int64) bool {
	var h zstd.Header
	if len(frame) == 0 || h.Decode(frame) != nil {
		return false
	}
	return !h.HasFCS || h.FrameContentSize <= uint64(size)
}

// decodePage decodes the levels and values of a data page.
func (w *witness) decodePage(raw []byte, header *parquet.DataPageHeader, column *parquet.SchemaElement, dict []any) (*decodedPage, error) {
	p := &decodedPage{rows: int(header.NumValues)}
	in := bytes.NewReader(raw)
	used := p.rows
	if column.GetRepetitionType() == parquet.FieldRepetitionType_OPTIONAL {
		levels, err := layout.ReadDataPageValues(in, parquet.Encoding_RLE, parquet.Type_INT64, -1, uint64(p.rows), 1)
		if err != nil {
			return nil, fmt.Errorf("%w: levels: %w", ErrDamaged, err)
		}
		p.levels = levels
		used = 0
		for _, level := range levels {
			used += int(level.(int64))
		}
	}
	if header.Encoding == parquet.Encoding_RLE_DICTIONARY {
		if dict == nil {
			return nil, fmt.Errorf("%w: no dictionary", ErrDamaged)
		}
		p.dict = dict
	}
	values, err := w.decodeValues(in, header.Encoding, column.GetType(), used)
	if err != nil {
		return nil, fmt.Errorf("%w: values: %w", ErrDamaged, err)
	}
	if len(values) != used {
		return nil, fmt.Errorf("%w: %d values for %d rows", ErrDamaged, len(values), used)
	}
	p.values = values
	return p, nil
}

// decodeValues decodes used values. Money that every run reads back goes into the same
// slice page after page: the library would make one as large as the page.
func (w *witness) decodeValues(in *bytes.Reader, how parquet.Encoding, t parquet.Type, used int) ([]any, error) {
	if how == parquet.Encoding_PLAIN && t == parquet.Type_INT64 && 8*used <= in.Len() {
		w.wide = sized(w.wide, used)
		return w.wide, encoding.BinaryReadINT64(in, w.wide)
	}
	return layout.ReadDataPageValues(in, how, t, -1, uint64(used), 0)
}

// recovered turns a panic into an error that names what was being read.
func recovered(what string, err *error) {
	if r := recover(); r != nil {
		*err = fmt.Errorf("%s: %w: %v", what, ErrDamaged, r)
	}
}

// memoryFile is bytes as the library's kind of file.
type memoryFile struct{ *bytes.Reader }

var errReadOnly = errors.New("bytes in memory are only read")

func (m memoryFile) Write([]byte) (int, error)                 { return 0, errReadOnly }
func (m memoryFile) Close() error                              { return nil }
func (m memoryFile) Open(string) (source.ParquetFile, error)   { return nil, errReadOnly }
func (m memoryFile) Create(string) (source.ParquetFile, error) { return nil, errReadOnly }

// byteByByte keeps the library's buffers from reading ahead, so that what is left
// tells where a header ended.
type byteByByte struct{ memoryFile }

func (b byteByByte) Read(p []byte) (int, error) { return b.memoryFile.Read(p[:min(len(p), 1)]) }
