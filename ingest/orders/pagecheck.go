package orders

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/apache/arrow/go/v17/parquet/file"
	"github.com/apache/thrift/lib/go/thrift"
	pages "github.com/xitongsys/parquet-go/parquet"
)

// errPages is what is wrong with most damaged columns.
var errPages = errors.New("its pages do not fit their column")

// maxPageHeader is more than any writer puts before a page.
const maxPageHeader = 1 << 20

// checkPages follows the pages of one column in one row group. The Parquet library
// makes room for a column before it looks whether the file is as long, and where a
// page is of a kind that it does not know it may look for the next one for ever.
func checkPages(s io.ReaderAt, size int64, reader *file.Reader, group, leaf int) error {
	column, err := reader.MetaData().RowGroup(group).ColumnChunk(leaf)
	if err != nil {
		return err
	}
	if column.CryptoMetadata() != nil {
		return errors.New("it is encrypted")
	}
	at, length := column.DataPageOffset(), column.TotalCompressedSize()
	if dictionary := column.DictionaryPageOffset(); column.HasDictionaryPage() && dictionary > 0 && dictionary < at {
		at = dictionary
	}
	if at < 0 || length < 0 || length > maxBuffer || at > size-length {
		return errPages
	}
	end := at + length
	for left := column.NumValues(); left > 0; {
		header, consumed, err := pageHeader(s, at, end)
		if err != nil {
			return err
		}
		at += consumed
		packed, unpacked := int64(header.CompressedPageSize), header.UncompressedPageSize
		if packed < 0 || unpacked < 0 || unpacked > maxBuffer || packed > end-at {
			return errPages
		}
		at += packed
		values := int64(0)
		switch {
		case header.Type == pages.PageType_DICTIONARY_PAGE && header.DictionaryPageHeader != nil:
			continue
		case header.Type == pages.PageType_DATA_PAGE && header.DataPageHeader != nil:
			values = int64(header.DataPageHeader.NumValues)
		case header.Type == pages.PageType_DATA_PAGE_V2 && header.DataPageHeaderV2 != nil:
			values = int64(header.DataPageHeaderV2.NumValues)
		default:
			return fmt.Errorf("a page of the unknown kind %d", header.Type)
		}
		if values < 0 || values > left {
			return errPages
		}
		left -= values
	}
	return nil
}

// pageHeader reads the header at an offset and says how long it is.
func pageHeader(s io.ReaderAt, at, end int64) (*pages.PageHeader, int64, error) {
	for room := int64(4 << 10); ; room *= 4 {
		text := make([]byte, min(room, end-at))
		if len(text) == 0 {
			return nil, 0, errPages
		}
		if _, err := s.ReadAt(text, at); err != nil && err != io.EOF {
			return nil, 0, err
		}
		memory := thrift.NewTMemoryBufferLen(0)
		_, _ = memory.Write(text)
		limits := &thrift.TConfiguration{MaxMessageSize: maxPageHeader}
		header := pages.NewPageHeader()
		err := header.Read(context.Background(), thrift.NewTCompactProtocolConf(memory, limits))
		if err == nil {
			return header, int64(len(text) - memory.Len()), nil
		}
		if room >= maxPageHeader || int64(len(text)) == end-at {
			return nil, 0, errPages
		}
	}
}
