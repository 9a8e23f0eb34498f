package output

import (
	"bytes"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
	"github.com/xitongsys/parquet-go/compress"
	"github.com/xitongsys/parquet-go/parquet"
	"pgregory.net/rapid"
)

// unpacked is what the second implementation makes of a frame.
func unpacked(t testing.TB, frame []byte) []byte {
	t.Helper()
	if !unpacksTo(frame, 1<<40) {
		t.Fatal("the frame's header is not one of ours")
	}
	checkBlocks(t, frame)
	content, err := compress.Uncompress(frame, parquet.CompressionCodec_ZSTD)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// checkBlocks proves what a lenient decoder lets pass and libzstd refuses (RFC 8878,
// 3.1.1.2.4): no block is larger than its frame's window or 128 KiB.
func checkBlocks(t testing.TB, frame []byte) {
	t.Helper()
	var header zstd.Header
	if err := header.Decode(frame); err != nil || header.SingleSegment && !header.HasFCS {
		t.Fatalf("the frame's header: %v", err)
	}
	most := uint64(blockBytes)
	if header.SingleSegment { // else the frame of the encoder may leave its content's size out
		most = min(most, header.FrameContentSize)
	} else {
		most = min(most, header.WindowSize)
	}
	for at := header.HeaderSize; ; {
		h := int(frame[at]) | int(frame[at+1])<<8 | int(frame[at+2])<<16
		size, stored := h>>3, h>>3
		if h>>1&3 == blockRepeated {
			stored = 1
		}
		if uint64(size) > most {
			t.Fatalf("a block of %d bytes in a frame of %d", size, most)
		}
		if at += 3 + stored; h&1 == 1 {
			if rest := len(frame) - at; rest != 4 {
				t.Fatalf("%d bytes stand after the last block instead of a checksum", rest)
			}
			return
		}
	}
}

func randomBytes(n int, alphabet string) []byte {
	r := rand.New(rand.NewPCG(uint64(n), 5))
	out := make([]byte, n)
	for i := range out {
		if out[i] = byte(r.Uint32()); alphabet != "" {
			out[i] = alphabet[r.IntN(len(alphabet))]
		}
	}
	return out
}

func TestPagesArePackedByWhatPays(t *testing.T) {
	p := newPacker()
	for _, c := range []struct {
		name string
		page []byte
		want packing
	}{
		{"random bytes", randomBytes(100_000, ""), packNothing},
		{"random digits", randomBytes(100_000, "0123456789"), packLiterals},
		{"sentences", []byte(strings.Repeat("the wallet paid one fen less than the order asks. ", 2000)), packMatches},
		{"one byte throughout", make([]byte, 100_000), packMatches},
	} {
		if got := p.choose(c.page[:probeBytes]); got != c.want {
			t.Errorf("%s: %d instead of %d", c.name, got, c.want)
		}
		if got := p.pack(nil, nil, c.page); !bytes.Equal(unpacked(t, got), c.page) {
			t.Errorf("%s: not what was packed", c.name)
		}
	}
	digits := randomBytes(300_000, "0123456789")
	if size := len(p.pack(nil, nil, digits)); size > len(digits)*44/100 {
		t.Errorf("digits take %d bytes of %d", size, len(digits))
	}
}

// pageOf draws bytes of a kind and length at which the packer changes its way.
func pageOf(t *rapid.T, label string) []byte {
	size := rapid.SampledFrom([]int{0, 1, 8, 255, 256, 1023, 1024, smallPage, smallPage + 1, blockBytes, blockBytes + 1, 2*blockBytes + 255}).Draw(t, label+" size")
	alphabet := rapid.SampledFrom([]string{"", "0", "01", "0123456789", "0123456789abcdefghijklmnopqrstuv"}).Draw(t, label+" alphabet")
	page := randomBytes(size, alphabet)
	if changes := rapid.IntRange(0, size).Draw(t, label+" changes at"); rapid.Bool().Draw(t, label+" changes") {
		copy(page[changes:], randomBytes(size-changes, "xyz"))
	}
	return page
}

func TestFramesUnpackToTheirPages(t *testing.T) {
	p := newPacker()
	rapid.Check(t, func(t *rapid.T) {
		head, body := pageOf(t, "head"), pageOf(t, "body")
		want := append(bytes.Clone(head), body...)
		for _, how := range []packing{packLiterals, packNothing} {
			if len(body) == 0 {
				break
			}
			frame := p.begin(nil, len(want))
			frame = p.end(p.blocks(p.blocks(frame, head, how, false), body, how, true))
			if got, err := compress.Uncompress(frame, parquet.CompressionCodec_ZSTD); err != nil || !bytes.Equal(got, want) {
				t.Fatalf("way %d: %d bytes unpack to %d: %v", how, len(want), len(got), err)
			}
		}
		if got, err := compress.Uncompress(p.pack(nil, head, body), parquet.CompressionCodec_ZSTD); err != nil || !bytes.Equal(got, want) {
			t.Fatalf("%d bytes unpack to %d: %v", len(want), len(got), err)
		}
	})
}

func TestADamagedFrameIsNoticed(t *testing.T) {
	p := newPacker()
	for name, frame := range map[string][]byte{
		"literals": p.pack(nil, []byte("head"), randomBytes(20_000, "0123456789")),
		"stored":   p.pack(nil, []byte("head"), randomBytes(20_000, "")),
		"ids":      p.packIDs(nil, []byte("head"), randomBytes(500*idBytes, "")),
	} {
		for at := range frame {
			damaged := bytes.Clone(frame)
			damaged[at] ^= 0x40
			if _, err := compress.Uncompress(damaged, parquet.CompressionCodec_ZSTD); err == nil {
				t.Errorf("%s: damage at byte %d is not noticed", name, at)
			}
		}
	}
}

// FuzzFrames packs any bytes, repeated to reach the sizes at which frames are ours.
func FuzzFrames(f *testing.F) {
	f.Add([]byte("head"), []byte("0123456789"), uint16(9000))
	f.Add([]byte{}, randomBytes(999, ""), uint16(300))
	p := newPacker()
	f.Fuzz(func(t *testing.T, head, piece []byte, times uint16) {
		if len(piece) == 0 || len(piece)*int(times) > 1<<20 {
			t.Skip("nothing to repeat, or more than a page holds")
		}
		body := bytes.Repeat(piece, int(times)+1)
		for i := range body {
			body[i] += byte(i / len(piece) * 7 % 10)
		}
		want := append(bytes.Clone(head), body...)
		if !bytes.Equal(unpacked(t, p.pack(nil, head, body)), want) {
			t.Error("pack: not what was packed")
		}
		frame := p.begin(nil, len(want))
		frame = p.end(p.blocks(p.blocks(frame, head, packLiterals, false), body, packLiterals, true))
		if !bytes.Equal(unpacked(t, frame), want) {
			t.Error("literals: not what was packed")
		}
	})
}
