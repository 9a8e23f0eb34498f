package container

import (
	"bytes"
	"compress/flate"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"testing"
	"testing/iotest"
)

// deflatedAt packs content with the standard library at a level.
func deflatedAt(t testing.TB, content []byte, level int) []byte {
	t.Helper()
	var out bytes.Buffer
	w, err := flate.NewWriter(&out, level)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(content); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// rowsToPack is text as bills are: numbers, what repeats, distances of any size.
func rowsToPack(rows int) []byte {
	var b bytes.Buffer
	r := rand.New(rand.NewPCG(1, 2))
	for i := range rows {
		fmt.Fprintf(&b, "%d\t,T200P%d\t,交易,%d.%02d,0.00,0.00,0.00,0.00,0.00,,\n", 2024091222001000000+r.Int64N(1e9), r.Int64N(1e18), r.IntN(1000), r.IntN(100))
		if i%97 == 0 {
			b.Write(bytes.Repeat([]byte{'x', byte(i)}, r.IntN(400)))
		}
	}
	return b.Bytes()
}

// What is inflated is what was deflated, however it was packed and however it comes.
func TestInflatedIsWhatWasDeflated(t *testing.T) {
	noise := make([]byte, 200_000)
	r := rand.NewChaCha8([32]byte{1})
	_, _ = r.Read(noise)
	for name, content := range map[string][]byte{
		"nothing": nil, "a byte": {'a'}, "text": rowsToPack(8000), "noise": noise,
		"zeros": make([]byte, 700_000), "a period of three": bytes.Repeat([]byte("abc"), 100_000),
	} {
		for _, level := range []int{flate.NoCompression, flate.BestSpeed, flate.DefaultCompression, flate.BestCompression, flate.HuffmanOnly} {
			packed := deflatedAt(t, content, level)
			for how, in := range map[string]io.Reader{
				"at once": bytes.NewReader(packed), "byte by byte": iotest.OneByteReader(bytes.NewReader(packed)),
				"with its end": iotest.DataErrReader(bytes.NewReader(packed)),
			} {
				got, err := io.ReadAll(newInflater(in))
				if err != nil || !bytes.Equal(got, content) {
					t.Errorf("%s, level %d, %s: %d bytes instead of %d, %v", name, level, how, len(got), len(content), err)
				}
			}
		}
	}
}

// A stream that is cut anywhere ends before its content does, whatever came before.
func TestACutStreamEndsEarly(t *testing.T) {
	content := rowsToPack(40)
	for _, level := range []int{flate.NoCompression, flate.DefaultCompression, flate.HuffmanOnly} {
		packed := deflatedAt(t, content, level)
		for n := range len(packed) {
			got, err := io.ReadAll(newInflater(bytes.NewReader(packed[:n])))
			if !errors.Is(err, io.ErrUnexpectedEOF) || !bytes.HasPrefix(content, got) {
				t.Fatalf("level %d, %d of %d bytes: %d bytes, %v", level, n, len(packed), len(got), err)
			}
		}
	}
}

func TestErrorsOfTheSourceAreTold(t *testing.T) {
	packed := deflatedAt(t, rowsToPack(2000), flate.DefaultCompression)
	broken := errors.New("broken")
	_, err := io.ReadAll(newInflater(io.MultiReader(bytes.NewReader(packed[:len(packed)/2]), iotest.ErrReader(broken))))
	if !errors.Is(err, broken) {
		t.Errorf("%v", err)
	}
}

// compareInflaters inflates data with both decoders. Where the library refuses, so
// does this one, and as far as both came they agree.
func compareInflaters(t *testing.T, data []byte) {
	const most = 4 << 20
	want, wantErr := io.ReadAll(io.LimitReader(flate.NewReader(bytes.NewReader(data)), most))
	got, err := io.ReadAll(io.LimitReader(newInflater(bytes.NewReader(data)), most))
	if (err == nil) != (wantErr == nil) {
		t.Fatalf("%v where the standard library says %v", err, wantErr)
	}
	if err == nil && !bytes.Equal(got, want) {
		t.Fatalf("%d bytes, by the standard library %d", len(got), len(want))
	}
	if n := min(len(got), len(want)); !bytes.Equal(got[:n], want[:n]) {
		t.Fatal("what comes before the error differs")
	}
}

// Damage anywhere is refused, or read, as by the standard library.
func TestDamagedStreamsAreReadAsByTheLibrary(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for _, level := range []int{flate.NoCompression, flate.BestSpeed, flate.BestCompression, flate.HuffmanOnly} {
		packed := deflatedAt(t, rowsToPack(60), level)
		for range 3000 {
			damaged := bytes.Clone(packed)
			for range 1 + r.IntN(3) {
				at := r.IntN(len(damaged))
				if r.IntN(2) == 0 {
					at = r.IntN(min(len(damaged), 120)) // the codes
				}
				damaged[at] ^= 1 << r.IntN(8)
			}
			compareInflaters(t, damaged)
		}
	}
}

func FuzzInflate(f *testing.F) {
	for _, level := range []int{flate.NoCompression, flate.BestSpeed, flate.BestCompression, flate.HuffmanOnly} {
		f.Add(deflatedAt(f, rowsToPack(20), level))
	}
	f.Add([]byte{0x03, 0x00})
	f.Fuzz(compareInflaters)
}

func BenchmarkInflate(b *testing.B) {
	content := rowsToPack(40_000)
	packed := deflatedAt(b, content, flate.DefaultCompression)
	b.SetBytes(int64(len(content)))
	for b.Loop() {
		if n, err := io.Copy(io.Discard, newInflater(bytes.NewReader(packed))); err != nil || n != int64(len(content)) {
			b.Fatal(n, err)
		}
	}
}
