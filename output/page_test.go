package output

import (
	"bytes"
	"testing"

	"github.com/klauspost/compress/zstd"
	"github.com/xitongsys/parquet-go/encoding"
	"github.com/xitongsys/parquet-go/layout"
	"github.com/xitongsys/parquet-go/parquet"
	"pgregory.net/rapid"
)

func TestLevelsReadBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		valid := rapid.SliceOfN(rapid.SampledFrom(rapid.SampledFrom([][]byte{{0}, {1}, {0, 1}, {0, 1, 1, 1, 1, 1, 1, 1}}).Draw(t, "of")), 1, 300).Draw(t, "valid")
		raw := appendLevels(nil, valid, bytes.Count(valid, []byte{0}))
		levels, err := layout.ReadDataPageValues(bytes.NewReader(raw), parquet.Encoding_RLE, parquet.Type_INT64, -1, uint64(len(valid)), 1)
		if err != nil {
			t.Fatal(err)
		}
		for i, v := range valid {
			if levels[i].(int64) != int64(v) {
				t.Fatalf("level %d is %v instead of %d", i, levels[i], v)
			}
		}
	})
}

func TestIndicesReadBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		entries := rapid.SampledFrom([]int{1, 2, 3, 4, 5, 8, 9, 16, 17, 255, 256, 257, 1000, maxDictionary}).Draw(t, "entries")
		most := rapid.IntRange(1, entries).Draw(t, "used")
		indices := rapid.SliceOfN(rapid.Uint32Range(0, uint32(most-1)), 1, 300).Draw(t, "indices")
		raw := appendIndices(nil, indices, entries)
		got, err := encoding.ReadRLEBitPackedHybrid(bytes.NewReader(raw[1:]), uint64(raw[0]), uint64(len(raw)-1))
		if err != nil {
			t.Fatal(err)
		}
		if len(got) < len(indices) || len(got) >= len(indices)+8 {
			t.Fatalf("%d indices of %d", len(got), len(indices))
		}
		for i, v := range indices {
			if got[i].(int64) != int64(v) {
				t.Fatalf("index %d is %v instead of %d", i, got[i], v)
			}
		}
	})
}

func TestPageHeadersReadBack(t *testing.T) {
	z, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	frame := z.EncodeAll(nil, nil)
	rapid.Check(t, func(t *rapid.T) {
		size := rapid.IntRange(0, largestPage)
		raw, packed, n := size.Draw(t, "raw"), size.Draw(t, "packed"), rapid.IntRange(1, MaxRowGroup).Draw(t, "n")
		read := func(head []byte) *parquet.PageHeader {
			t.Helper()
			h, body, err := pageAt(append(head, frame...), int64(len(head)+packed), int64(raw), int64(n))
			if err != nil || body != len(head) || int(h.UncompressedPageSize) != raw || int(h.CompressedPageSize) != packed {
				t.Fatalf("%v, header of %d bytes read as %d: %v", h, len(head), body, err)
			}
			return h
		}
		data := read(appendDataPageHeader(nil, n, raw, packed, encodingDict)).DataPageHeader
		if int(data.NumValues) != n || data.Encoding != parquet.Encoding_RLE_DICTIONARY || data.DefinitionLevelEncoding != parquet.Encoding_RLE {
			t.Fatalf("%v", data)
		}
		entries := min(n, raw)
		if d := read(appendDictionaryPageHeader(nil, entries, raw, packed)).DictionaryPageHeader; int(d.NumValues) != entries || d.Encoding != parquet.Encoding_PLAIN {
			t.Fatalf("%v", d)
		}
	})
}

func TestDictionaryNumbersDistinctTextsInOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		texts := rapid.SliceOf(rapid.StringN(0, 3, 9)).Draw(t, "texts")
		var d dictionary
		d.number([]byte("left from another chunk"))
		d.reset(0)
		want := map[string]uint32{}
		for _, text := range texts {
			if _, ok := want[text]; !ok {
				want[text] = uint32(len(want))
			}
			if got := d.number([]byte(text)); got != want[text] || string(d.entry(got)) != text {
				t.Fatalf("%q is %d, entry %q, instead of %d", text, got, d.entry(got), want[text])
			}
		}
		if d.entries != len(want) {
			t.Fatalf("%d entries of %d", d.entries, len(want))
		}
	})
}
