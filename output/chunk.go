package output

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"github.com/apache/arrow/go/v17/parquet"
	"github.com/apache/arrow/go/v17/parquet/metadata"

	"reconcile/settlement"
)

// writeGroup writes n rows as one row group.
func (w *PartWriter) writeGroup(group []columnRows, n int) error {
	builder := w.footer.AppendRowGroup()
	var rawBytes int64
	for i := range w.columns {
		raw, err := w.writeChunk(builder.NextColumnChunk(), i, group[i], n)
		if err != nil {
			var at *rowError
			if errors.As(err, &at) {
				return fmt.Errorf("column %s, row %d of the part: %w", w.columns[i].Name, w.written+int64(at.row), at.err)
			}
			return fmt.Errorf("column %s: %w", w.columns[i].Name, err)
		}
		rawBytes += raw
	}
	builder.SetNumRows(n)
	w.written += int64(n)
	w.groups++
	return builder.Finish(rawBytes, w.groups-1)
}

// writeChunk writes one column of a row group and returns its size before
// compression.
func (w *PartWriter) writeChunk(builder *metadata.ColumnChunkMetaDataBuilder, column int, rows columnRows, n int) (int64, error) {
	c, e := &w.columns[column], &w.work.encoder
	stats := chunkStats{sum: w.sums[column]}
	info := metadata.ChunkMetaInfo{NumValues: int64(n), IndexPageOffset: -1}
	encodings := metadata.EncodingStats{DataEncodingStats: map[parquet.Encoding]int32{}}
	start := w.sink.offset

	dictionary := false
	if hasDictionary(c.TableColumn) {
		fits, err := e.index(c, rows, w.files, &stats)
		if err != nil {
			return 0, err
		}
		if dictionary = fits && e.dict.entries > 0; dictionary {
			info.DictPageOffset = start
			encodings.DictEncodingStats = map[parquet.Encoding]int32{parquet.Encodings.Plain: 1}
			if err := w.writeDictionary(&info); err != nil {
				return 0, err
			}
		} else {
			stats = chunkStats{sum: stats.sum}
		}
	}
	info.DataPageOffset = w.sink.offset
	err := w.writePages(c, rows, n, dictionary, &stats, &info, encodings.DataEncodingStats)
	if err != nil {
		return 0, err
	}
	w.sums[column] = stats.sum
	info.CompressedSize = w.sink.offset - start
	builder.SetStats(c.footerStats(&stats))
	if err := builder.Finish(info, dictionary, false, encodings, nil); err != nil {
		return 0, err
	}
	if _, err := builder.WriteTo(w.sink); err != nil {
		return 0, err
	}
	return info.UncompressedSize, nil
}

// writePages writes the data pages of a chunk and counts them by their encoding.
func (w *PartWriter) writePages(c *partColumn, rows columnRows, n int, dictionary bool, stats *chunkStats, info *metadata.ChunkMetaInfo, pages map[parquet.Encoding]int32) (err error) {
	e := &w.work.encoder
	indices := e.indices
	for from := 0; from < n; from += pageRows {
		to := min(from+pageRows, n)
		valid, nulls, encoding := []byte(nil), 0, int(c.encoding)
		if dictionary {
			encoding, valid = encodingDict, e.valid[from:to]
			nulls = bytes.Count(valid, []byte{0})
			used := to - from - nulls
			e.lead, e.body = e.lead[:0], appendIndices(e.body[:0], indices[:used], e.dict.entries)
			indices = indices[used:]
		} else {
			nulls, err = e.encodePage(c, rows.slice(c.Type, from, to), stats)
			if err != nil {
				var at *rowError
				if errors.As(err, &at) {
					at.row += from
				}
				return err
			}
			valid = e.valid
		}
		e.head = e.head[:0]
		if c.Nullable {
			e.head = appendLevels(e.head, valid, nulls)
		}
		e.head = append(e.head, e.lead...)
		raw := len(e.head) + len(e.body)
		if c.Type == settlement.TypeID {
			raw = len(e.head) + len(e.body)/idBytes*settlement.IDLength
			e.packed = w.work.packer.packIDs(e.packed[:0], e.head, e.body)
		} else {
			e.packed = w.work.packer.pack(e.packed[:0], e.head, e.body)
		}
		e.header = appendDataPageHeader(e.header[:0], to-from, raw, len(e.packed), encoding)
		if err := w.writePage(raw, info); err != nil {
			return err
		}
		pages[parquet.Encoding(encoding)]++
	}
	return nil
}

// writeDictionary writes the dictionary page of a chunk.
func (w *PartWriter) writeDictionary(info *metadata.ChunkMetaInfo) error {
	e := &w.work.encoder
	raw := e.dict.plain
	e.packed = w.work.packer.pack(e.packed[:0], nil, raw)
	e.header = appendDictionaryPageHeader(e.header[:0], e.dict.entries, len(raw), len(e.packed))
	return w.writePage(len(raw), info)
}

// writePage writes the header and the packed bytes that stand in the encoder.
func (w *PartWriter) writePage(rawBytes int, info *metadata.ChunkMetaInfo) error {
	e := &w.work.encoder
	info.UncompressedSize += int64(len(e.header) + rawBytes)
	if _, err := w.sink.Write(e.header); err != nil {
		return err
	}
	_, err := w.sink.Write(e.packed)
	return err
}

// footerStats are the statistics as the footer holds them. The count of nulls is
// always there; min and max are where they prune: numbers, dictionaries, and the
// texts that a table is sorted by. There is no count of distinct values.
func (c *partColumn) footerStats(s *chunkStats) metadata.EncodedStatistics {
	var out metadata.EncodedStatistics
	out.SetNullCount(s.nulls)
	if !s.any {
		return out
	}
	physical, _ := parquetType(c.Type)
	switch physical {
	case parquet.Types.Int64:
		out.SetMin(binary.LittleEndian.AppendUint64(nil, uint64(s.min)))
		out.SetMax(binary.LittleEndian.AppendUint64(nil, uint64(s.max)))
		out.Signed = true
	case parquet.Types.Int32:
		out.SetMin(binary.LittleEndian.AppendUint32(nil, uint32(s.min)))
		out.SetMax(binary.LittleEndian.AppendUint32(nil, uint32(s.max)))
		out.Signed = true
	case parquet.Types.ByteArray:
		const longest = 256 // a longer bound is left out, not cut: engines take it as exact
		if len(s.minText) <= longest && len(s.maxText) <= longest {
			out.SetMin(slices.Clone(s.minText))
			out.SetMax(slices.Clone(s.maxText))
		}
	}
	return out
}
