package delimited

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/iotest"

	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"reconcile/settlement"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// numbered is a line and its number.
type numbered struct {
	number int64
	text   string
}

// pieces hands out text in pieces of up to size bytes.
type pieces struct {
	text string
	size int
}

func (p *pieces) Read(to []byte) (int, error) {
	if p.text == "" {
		return 0, io.EOF
	}
	n := copy(to, p.text[:min(p.size, len(p.text))])
	p.text = p.text[n:]
	return n, nil
}

func readerOf(text string, size, workers int) *Reader {
	return NewReader(Input{File: "a.csv", Stream: &pieces{text, size}, Workers: workers})
}

// blocksOf gathers the lines that Blocks hands out, in the order of their numbers.
func blocksOf(ctx context.Context, r *Reader, trailer string) ([]numbered, error) {
	var mu sync.Mutex
	var lines []numbered
	err := r.Blocks(ctx, []byte(trailer), func(worker int, b *Block) error {
		var own []numbered
		for text, line, ok := b.Next(); ok; text, line, ok = b.Next() {
			own = append(own, numbered{line, string(text)})
		}
		mu.Lock()
		defer mu.Unlock()
		lines = append(lines, own...)
		return nil
	})
	slices.SortFunc(lines, func(a, b numbered) int { return cmp.Compare(a.number, b.number) })
	return lines, err
}

// linesOf gathers the rest, line by line.
func linesOf(r *Reader) ([]numbered, error) {
	var lines []numbered
	for {
		text, line, err := r.Line()
		if err == io.EOF {
			return lines, nil
		}
		if err != nil {
			return lines, err
		}
		lines = append(lines, numbered{line, string(text)})
	}
}

// scanned is what the standard library makes of text.
func scanned(text string) []numbered {
	var lines []numbered
	s := bufio.NewScanner(strings.NewReader(text))
	s.Buffer(nil, 64<<20)
	for s.Scan() {
		lines = append(lines, numbered{int64(len(lines) + 1), s.Text()})
	}
	return lines
}

func equalLines(t interface{ Fatalf(string, ...any) }, got, want []numbered) {
	for i := range max(len(got), len(want)) {
		var g, w numbered
		if i < len(got) {
			g = got[i]
		}
		if i < len(want) {
			w = want[i]
		}
		if g != w {
			t.Fatalf("line %d of %d: got %d %.60q, want %d of %d: %d %.60q", i+1, len(got), g.number, g.text, i+1, len(want), w.number, w.text)
		}
	}
}

func TestLineNumbersAndEnds(t *testing.T) {
	for _, c := range []struct {
		name, text string
		want       []string
	}{
		{"nothing", "", nil},
		{"a line without an end", "a", []string{"a"}},
		{"LF", "a\nb\n", []string{"a", "b"}},
		{"CRLF", "a\r\nb\r\n", []string{"a", "b"}},
		{"no final newline", "a\nb", []string{"a", "b"}},
		{"a final return alone", "a\nb\r", []string{"a", "b"}},
		{"empty lines count", "\n\r\na\n\n", []string{"", "", "a", ""}},
		{"a return inside a line stays", "a\rb\r\r\n", []string{"a\rb\r"}},
	} {
		for _, size := range []int{1, 2, 1 << 20} {
			t.Run(fmt.Sprintf("%s, %d bytes at a time", c.name, size), func(t *testing.T) {
				var want []numbered
				for i, text := range c.want {
					want = append(want, numbered{int64(i + 1), text})
				}
				r := readerOf(c.text, size, 1)
				got, err := linesOf(r)
				if err != nil {
					t.Fatal(err)
				}
				equalLines(t, got, want)
				if _, line, err := r.Line(); err != io.EOF || line != int64(len(want)) {
					t.Errorf("after the end: line %d, %v", line, err)
				}
				if got, err = blocksOf(context.Background(), readerOf(c.text, size, 2), ""); err != nil {
					t.Fatal(err)
				}
				equalLines(t, got, want)
			})
		}
	}
}

// textOf is about length bytes of lines, some of them with CRLF.
func textOf(rng *rand.Rand, length int) string {
	var b strings.Builder
	for b.Len() < length {
		line := fmt.Sprintf("%d,%s", rng.Uint64(), strings.Repeat("单", rng.IntN(40)))
		if rng.IntN(2000) == 0 {
			line = strings.Repeat("x", rng.IntN(200_000))
		}
		b.WriteString(line)
		if rng.IntN(3) == 0 {
			b.WriteByte('\r')
		}
		b.WriteByte('\n')
	}
	return b.String()
}

func TestBlocksGiveTheLinesThatTheStandardLibraryGives(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		text := textOf(rng, rapid.OneOf(rapid.IntRange(0, 2000), rapid.IntRange(0, 3<<20)).Draw(t, "length"))
		if rapid.Bool().Draw(t, "no final newline") {
			text = strings.TrimRight(text, "\r\n")
		}
		size := rapid.OneOf(rapid.IntRange(900, 5000), rapid.IntRange(1, 2<<20)).Draw(t, "bytes at a time")
		if len(text) > 10_000 {
			size = max(size, 900)
		}
		r := readerOf(text, size, rapid.IntRange(1, 6).Draw(t, "workers"))
		want := scanned(text)
		head := min(rapid.IntRange(0, 3).Draw(t, "lines first"), len(want))
		var got []numbered
		for range head {
			line, number, err := r.Line()
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, numbered{number, string(line)})
		}
		rows, err := blocksOf(context.Background(), r, "")
		if err != nil {
			t.Fatal(err)
		}
		equalLines(t, append(got, rows...), want)
		if sum := sha256.Sum256([]byte(text)); r.SHA256() != hex.EncodeToString(sum[:]) || r.Size() != int64(len(text)) {
			t.Fatalf("%d bytes with the hash %s", r.Size(), r.SHA256())
		}
	})
}

func TestBlocksStopAtTheTrailerWhereverItStands(t *testing.T) {
	const trailer = "总交易单数"
	filler := strings.Repeat("`2024-09-12 08:30:00,`12.30\r\n", 2*blockSize/28)
	for _, around := range []int{0, 1, 29, 4096, blockSize, blockSize + 29, 2 * blockSize} {
		for offset := -len(trailer) - 2; offset <= len(trailer)+2; offset++ {
			at := around + offset
			if at < 0 || at > len(filler) {
				continue
			}
			rows := filler[:at]
			if cut := strings.LastIndexByte(rows, '\n') + 1; cut < len(rows) {
				rows = rows[:cut] + strings.Repeat("y", max(len(rows)-cut-1, 0)) + "\n"
			}
			text := rows + trailer + ",a\r\n`1,`2\r\n" + trailer + " again\r\n"
			want := scanned(text)
			r := readerOf(text, 1<<16, 2)
			got, err := blocksOf(context.Background(), r, trailer)
			if err != nil {
				t.Fatalf("trailer at %d: %v", len(rows), err)
			}
			if len(got) != len(want)-3 {
				t.Fatalf("trailer at %d: %d rows before it instead of %d", len(rows), len(got), len(want)-3)
			}
			rest, err := linesOf(r)
			if err != nil {
				t.Fatalf("trailer at %d: %v", len(rows), err)
			}
			equalLines(t, append(got, rest...), want)
		}
	}
}

func TestATrailerIsTheStartOfALine(t *testing.T) {
	text := "a#\n##b\n# c\n #\n"
	for trailer, before := range map[string]int{"#": 1, "# ": 2, " #": 3, "a": 0, "x": 4, "": 4, "#\n": 4} {
		r := readerOf(text, 3, 1)
		rows, err := blocksOf(context.Background(), r, trailer)
		if err != nil || len(rows) != before {
			t.Errorf("%q: %d rows before it instead of %d, %v", trailer, len(rows), before, err)
		}
		rest, err := linesOf(r)
		if err != nil {
			t.Fatal(err)
		}
		equalLines(t, append(rows, rest...), scanned(text))
	}
}

// faultAt wants an InputError with the line and the words.
func faultAt(t *testing.T, err error, line int64, words string) {
	t.Helper()
	var bad *settlement.InputError
	if !errors.As(err, &bad) || bad.File != "a.csv" || bad.Line != line || !strings.Contains(bad.Error(), words) || bad.Do == "" {
		t.Errorf("got %.300v, want line %d: %s", err, line, words)
	}
}

func TestLinesHaveOneLimitWhereverTheyStand(t *testing.T) {
	for _, before := range []int{0, 100, blockSize/2 - 50, blockSize - 50} {
		head := strings.Repeat("x\n", (before+1)/2)
		first := int64(len(head) / 2)
		for _, c := range []struct {
			length int
			ok     bool
		}{{MaxLine, true}, {MaxLine + 1, false}, {blockSize + 1, false}} {
			for _, tail := range []string{"", "\nend\n", "\n" + strings.Repeat("yyyyyyyyyyy\n", blockSize/18)} {
				text := head + strings.Repeat("z", c.length) + tail
				for _, size := range []int{5000, 4 << 20} {
					name := fmt.Sprintf("%d bytes behind %d, %d more", c.length, before, len(tail))
					_, byLine := linesOf(readerOf(text, size, 1))
					_, byBlock := blocksOf(context.Background(), readerOf(text, size, 2), "#")
					if c.ok {
						if byLine != nil || byBlock != nil {
							t.Fatalf("%s: %v, %v", name, byLine, byBlock)
						}
						continue
					}
					faultAt(t, byLine, first+1, "a line of more than 524288 bytes")
					faultAt(t, byBlock, first+1, "a line of more than 524288 bytes")
				}
			}
		}
	}
}

// Far into a stream blocks are larger; they hold the same lines.
func TestALargeStreamIsReadInLargeBlocks(t *testing.T) {
	var text strings.Builder
	for n := 0; text.Len() < 5*largeBlock; n++ {
		fmt.Fprintf(&text, "%d,%s\n", n, strings.Repeat("x", n%97))
	}
	for _, trailer := range []string{"", "#"} {
		content := text.String()
		if trailer != "" {
			content += "#1\n#2\n"
		}
		r := readerOf(content, 300_000, 2)
		r.large = 2 * blockSize
		var most, first int
		var mu sync.Mutex
		var lines []numbered
		err := r.Blocks(t.Context(), []byte(trailer), func(_ int, b *Block) error {
			mu.Lock()
			defer mu.Unlock()
			most = max(most, len(b.Data))
			for line, number, ok := b.Next(); ok; line, number, ok = b.Next() {
				if number == 1 {
					first = len(b.Data)
				}
				lines = append(lines, numbered{number, string(line)})
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		rest, err := linesOf(r)
		if err != nil {
			t.Fatal(err)
		}
		slices.SortFunc(lines, func(a, b numbered) int { return cmp.Compare(a.number, b.number) })
		equalLines(t, append(lines, rest...), scanned(content))
		if first > blockSize || most <= blockSize || most > largeBlock {
			t.Errorf("the first block has %d bytes, the largest %d", first, most)
		}
	}
}

// Wherever in a block a line is too long, it is found, and the first where several are.
func TestTheFirstLineThatIsTooLongIsFound(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		lengths := rapid.SliceOfN(rapid.OneOf(rapid.IntRange(0, 50), rapid.IntRange(0, MaxLine/2),
			rapid.IntRange(MaxLine-2, MaxLine+2)), 1, 12).Draw(t, "lengths")
		var data []byte
		want := -1
		for _, n := range lengths {
			if n > MaxLine && want < 0 {
				want = len(data)
			}
			data = append(append(data, bytes.Repeat([]byte("x"), n)...), '\n')
		}
		if rapid.Bool().Draw(t, "ends in a line") {
			data = data[:len(data)-1]
		}
		if got := longLine(data); got != want {
			t.Fatalf("found at byte %d, not %d, of lines of %v bytes", got, want, lengths)
		}
	})
}

func TestANULByteIsRefusedWithItsLine(t *testing.T) {
	for _, c := range []struct {
		name, text string
		line       int64
	}{
		{"the first byte", "\x00", 1},
		{"on the third line", "a\nb\nc\x00d\n", 3},
		{"far inside", strings.Repeat("a\n", blockSize) + "b\x00\n", blockSize + 1},
		{"UTF-16", "\xff\xfea\x00\n\x00", 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := linesOf(readerOf(c.text, 1000, 1))
			faultAt(t, err, c.line, "a NUL byte")
			_, err = blocksOf(context.Background(), readerOf(c.text, 1000, 3), "")
			faultAt(t, err, c.line, "a NUL byte")
			r := readerOf(c.text, 1000, 1)
			faultAt(t, r.Drain(), c.line, "a NUL byte")
		})
	}
}

func TestAStreamThatBreaksIsRefusedWithItsLine(t *testing.T) {
	broken := errors.New("the disk is gone")
	rows := strings.Repeat("ab\n", blockSize)
	for _, c := range []struct {
		name, text string
		line       int64
	}{
		{"at once", "", 1},
		{"in the first line", "ab", 1},
		{"after two lines", "ab\nab\n", 3},
		{"after two blocks", rows, blockSize + 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			input := func() Input {
				return Input{File: "a.csv", Stream: io.MultiReader(strings.NewReader(c.text), iotest.ErrReader(broken)), Workers: 2}
			}
			r := NewReader(input())
			_, err := linesOf(r)
			faultAt(t, err, c.line, "the file ends or breaks while it is read: the disk is gone")
			if _, _, again := r.Line(); again != err {
				t.Errorf("the next Line gives %v", again)
			}
			if again := r.Drain(); again != err {
				t.Errorf("Drain gives %v", again)
			}
			_, err = blocksOf(context.Background(), NewReader(input()), "")
			faultAt(t, err, c.line, "the disk is gone")
		})
	}
	t.Run("an error with a position keeps it", func(t *testing.T) {
		own := &settlement.InputError{Position: settlement.Position{File: "b.zip", Member: "a.csv"}, What: "truncated"}
		_, err := linesOf(NewReader(Input{File: "a.csv", Stream: iotest.ErrReader(own)}))
		if err != error(own) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("bytes beside the error count", func(t *testing.T) {
		_, err := linesOf(NewReader(Input{File: "a.csv", Stream: iotest.DataErrReader(io.MultiReader(strings.NewReader("a\nb\n"), iotest.ErrReader(broken)))}))
		faultAt(t, err, 3, "the disk is gone")
	})
	t.Run("bytes beside the end are read", func(t *testing.T) {
		lines, err := linesOf(NewReader(Input{File: "a.csv", Stream: iotest.DataErrReader(strings.NewReader("a\nb"))}))
		if err != nil || len(lines) != 2 {
			t.Errorf("got %v, %v", lines, err)
		}
	})
}

func TestTheFirstErrorOfAParserStopsEverything(t *testing.T) {
	text := strings.Repeat("ab\n", 3*blockSize)
	wrong := errors.New("no room")
	for _, workers := range []int{1, 4} {
		for _, failing := range []int64{1, blockSize} {
			r := readerOf(text, 1<<20, workers)
			err := r.Blocks(context.Background(), nil, func(_ int, b *Block) error {
				if _, line, _ := b.Next(); line >= failing {
					return wrong
				}
				return nil
			})
			if err != wrong {
				t.Errorf("%d workers: got %v", workers, err)
			}
		}
	}
}

func TestWorkersHaveNumbersOfTheirOwn(t *testing.T) {
	const workers = 3
	var busy [workers]sync.Mutex
	err := readerOf(strings.Repeat("ab\n", 4*blockSize), 1<<20, workers).Blocks(context.Background(), nil, func(worker int, b *Block) error {
		if !busy[worker].TryLock() {
			return fmt.Errorf("two goroutines are worker %d", worker)
		}
		defer busy[worker].Unlock()
		for _, _, ok := b.Next(); ok; _, _, ok = b.Next() {
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

func TestACancelledContextStopsBlocks(t *testing.T) {
	t.Run("before", func(t *testing.T) {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		for range 50 {
			lines, err := blocksOf(ctx, readerOf("a\nb\n", 10, 2), "")
			if !errors.Is(err, context.Canceled) || len(lines) != 0 {
				t.Fatalf("got %v, %v", lines, err)
			}
		}
	})
	t.Run("in between", func(t *testing.T) {
		ctx, cancel := context.WithCancel(context.Background())
		parsed := 0
		err := readerOf(strings.Repeat("ab\n", 8*blockSize), 1<<20, 1).Blocks(ctx, nil, func(int, *Block) error {
			parsed++
			cancel()
			return nil
		})
		if !errors.Is(err, context.Canceled) || parsed > 3 {
			t.Errorf("%d blocks, %v", parsed, err)
		}
	})
}

func TestPeekTakesNothing(t *testing.T) {
	r := readerOf("ab\ncd\n", 1, 1)
	for _, n := range []int{0, 1, 4, 6, 100} {
		if got, err := r.Peek(n); err != nil || string(got) != "ab\ncd\n"[:min(n, 6)] {
			t.Errorf("Peek(%d) = %q, %v", n, got, err)
		}
	}
	lines, err := linesOf(r)
	if err != nil || len(lines) != 2 {
		t.Errorf("after it: %v, %v", lines, err)
	}
	if got, err := r.Peek(1); err != nil || len(got) != 0 {
		t.Errorf("at the end: %q, %v", got, err)
	}
}

func TestDrainHashesTheRest(t *testing.T) {
	text := strings.Repeat("ab\n", 2*blockSize)
	sum := sha256.Sum256([]byte(text))
	r := readerOf(text, 1<<20, 1)
	if _, _, err := r.Line(); err != nil {
		t.Fatal(err)
	}
	if err := r.Drain(); err != nil {
		t.Fatal(err)
	}
	if r.SHA256() != hex.EncodeToString(sum[:]) || r.Size() != int64(len(text)) {
		t.Errorf("%d bytes, %s", r.Size(), r.SHA256())
	}
}

func TestErrorfNamesTheInput(t *testing.T) {
	err := Input{File: "b.zip", Member: "a.csv"}.Errorf(7, "look", "%d is wrong", 3)
	if err.Error() != "b.zip!a.csv:7: 3 is wrong (look)" {
		t.Errorf("got %v", err)
	}
}

func FuzzReader(f *testing.F) {
	f.Add([]byte("a\r\nb\n#c\n"), []byte("#"), uint16(1), uint8(2))
	f.Add([]byte("`1,`2\n总交易单数\n`3"), []byte("总交易单数"), uint16(7), uint8(1))
	f.Add([]byte("\n\n\r\n\r"), []byte(""), uint16(3), uint8(0))
	f.Add([]byte("a\x00b"), []byte("#"), uint16(3), uint8(3))
	f.Fuzz(func(t *testing.T, text, trailer []byte, size uint16, workers uint8) {
		if bytes.IndexByte(trailer, '\n') >= 0 {
			return // a trailer is the start of one line
		}
		r := readerOf(string(text), int(size)+1, int(workers%5))
		rows, err := blocksOf(context.Background(), r, string(trailer))
		if err == nil {
			var rest []numbered
			rest, err = linesOf(r)
			if len(trailer) > 0 && len(rest) > 0 && !strings.HasPrefix(rest[0].text+"\r\n", string(trailer)) {
				t.Fatalf("the first line behind the rows is %q", rest[0].text)
			}
			rows = append(rows, rest...)
		}
		if bytes.IndexByte(text, 0) >= 0 {
			if err == nil {
				t.Fatal("a NUL byte was read")
			}
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		equalLines(t, rows, scanned(string(text)))
	})
}

// BenchmarkReader reads, hashes and cuts a stream, and looks at nothing in it.
func BenchmarkReader(b *testing.B) {
	content := []byte(strings.Repeat("2203217412862700098,alipay,47.43,2024-09-12 20:45:58,paid,晴禾天猫旗舰店,tmall\n", 200_000))
	b.SetBytes(int64(len(content)))
	b.ReportAllocs()
	for b.Loop() {
		r := NewReader(Input{Stream: bytes.NewReader(content), Workers: 1})
		if err := r.Blocks(context.Background(), []byte("总"), func(int, *Block) error { return nil }); err != nil {
			b.Fatal(err)
		}
		if err := r.Drain(); err != nil || r.Size() != int64(len(content)) {
			b.Fatal(r.Size(), err)
		}
	}
}

// endless is size bytes of a text, over and over in each read, counted as they are read.
type endless struct {
	text string
	size int64
	read int64
}

func (e *endless) Read(p []byte) (int, error) {
	p = p[:min(int64(len(p)), e.size-e.read)]
	if len(p) == 0 {
		return 0, io.EOF
	}
	for n := copy(p, e.text); n < len(p); n *= 2 {
		copy(p[n:], p[:n])
	}
	e.read += int64(len(p))
	return len(p), nil
}

// TestAGigabyteInOneLineTakesLittleMemory: it is refused after a few blocks, wherever it
// begins, and hashing the rest takes no more.
func TestAGigabyteInOneLineTakesLittleMemory(t *testing.T) {
	const size = 1 << 30
	for _, c := range []struct {
		name string
		head string
		line int64
		use  func(r *Reader) error
	}{
		{"the first line", "", 1, func(r *Reader) error { _, _, err := r.Line(); return err }},
		{"behind a header", "a,b\n", 2, func(r *Reader) error { _, err := linesOf(r); return err }},
		{"in blocks", "a,b\n1,2\n", 3, func(r *Reader) error { _, err := blocksOf(context.Background(), r, "#"); return err }},
	} {
		t.Run(c.name, func(t *testing.T) {
			rest := &endless{text: "abc,", size: size}
			r := NewReader(Input{File: "a.csv", Stream: io.MultiReader(strings.NewReader(c.head), rest), Workers: 4})
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			faultAt(t, c.use(r), c.line, "a line of more than")
			if rest.read > 4*blockSize {
				t.Errorf("%d bytes were read for it", rest.read)
			}
			r = NewReader(Input{File: "a.csv", Stream: rest, Workers: 1})
			if err := r.Drain(); err != nil || rest.read != size {
				t.Errorf("%d bytes, %v", rest.read, err)
			}
			runtime.ReadMemStats(&after)
			if took := after.TotalAlloc - before.TotalAlloc; took > 16*blockSize {
				t.Errorf("%d bytes were allocated", took)
			}
		})
	}
}
