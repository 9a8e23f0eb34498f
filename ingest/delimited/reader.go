// Package delimited reads text files of lines in parallel blocks, with the
// position of everything, in bounded memory. It knows lines, not fields: the
// dialects (backticks, tabs, quotes) differ and belong to the providers.
//
// One goroutine reads the decoded stream, hashes it, and cuts it at newlines into
// blocks of one to four megabytes; workers parse blocks while it reads on:
//
//	stream ──► [ preamble, header ] ──Line──► provider, in order
//	           [ block 1 | block 2 | … ] ──Blocks──► workers, in parallel
//	           [ trailer ] ──Line──► provider, in order
//
// Cutting at the newline byte is safe in UTF-8 and in GB18030, where no byte of a
// longer character is below 0x30.
package delimited

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"sync"

	"golang.org/x/sync/errgroup"

	"reconcile/settlement"
)

// Input is one decoded stream and what is known of it from outside.
type Input struct {
	File, Member string // for messages
	Stream       io.Reader
	Index        int32 // goes into the source_file column of its rows
	Workers      int   // how many blocks are parsed at a time; at least 1

	Account string         // stated by configuration, "" where it is not
	Day     settlement.Day // stated by configuration or the request, else NoDay
}

// Errorf returns an InputError at a line of the input; line 0 is the whole file.
func (in Input) Errorf(line int64, do, format string, args ...any) *settlement.InputError {
	return &settlement.InputError{
		Position: settlement.Position{File: in.File, Member: in.Member, Line: line},
		What:     fmt.Sprintf(format, args...),
		Do:       do,
	}
}

const (
	// blockSize is what a worker parses at a time, largeBlock far into a large stream. The
	// rows of a block wait by partition, of which a large day has a thousand: so few of a
	// small block would lie together that 20 million orders took a tenth longer.
	blockSize   = 1 << 20
	largeBlock  = 4 << 20
	largeStream = 64 << 20
	// MaxLine is the longest line that is read, in bytes without its newline.
	MaxLine = blockSize / 2
)

// Reader reads the lines of one stream. It is not for concurrent use.
type Reader struct {
	in      Input
	sum     hash.Hash
	memory  []byte // of the buffer
	buffer  []byte // what was read and not yet handed out
	size    int64
	line    int64 // number of the last line handed out
	last    byte  // of the stream, as far as it was read
	ended   bool
	failure error
	large   int64 // from how many bytes on blocks are large
}

// MaxFields is how many fields a line may have that is cut into fields one by one, and how
// many columns a header: each of its faults is placed, which takes its length.
const MaxFields = 4096

// NoLineEnd notes a file without totals whose last line may have been cut off.
const NoLineEnd = "the last line has no line end: if the file was cut off there, nothing else shows it"

// EndsInLine says that the stream was read to its end, and its last line has no line end.
func (r *Reader) EndsInLine() bool { return r.ended && r.size > 0 && r.last != '\n' }

// NewReader returns a reader of in. Nothing is read yet.
func NewReader(in Input) *Reader {
	in.Workers = max(in.Workers, 1)
	return &Reader{in: in, sum: sha256.New(), large: largeStream}
}

// spareBlocks keeps the memory of blocks from one stream to the next: a run may read
// thousands of small files.
var spareBlocks sync.Pool

// newBlock returns memory for a block of so many bytes, without anything in it.
func newBlock(size int) []byte {
	if size > blockSize {
		return make([]byte, 0, size)
	}
	if spare, ok := spareBlocks.Get().(*[]byte); ok {
		return *spare
	}
	return make([]byte, 0, blockSize)
}

// keepBlock takes memory back that nothing refers to.
func keepBlock(memory []byte) {
	if cap(memory) == blockSize {
		memory = memory[:0]
		spareBlocks.Put(&memory)
	}
}

// fill reads until the buffer holds at least want bytes or the stream ends.
func (r *Reader) fill(want int) error {
	if r.failure != nil {
		return r.failure
	}
	for len(r.buffer) < want && !r.ended {
		if cap(r.buffer)-len(r.buffer) < want-len(r.buffer) {
			former := r.memory
			r.memory = newBlock(want)
			r.buffer = append(r.memory, r.buffer...)
			keepBlock(former)
		}
		n, err := r.in.Stream.Read(r.buffer[len(r.buffer):cap(r.buffer)])
		fresh := r.buffer[len(r.buffer) : len(r.buffer)+n]
		r.sum.Write(fresh)
		if n > 0 {
			r.last = fresh[n-1]
		}
		r.size += int64(n)
		if at := bytes.IndexByte(fresh, 0); at >= 0 {
			return r.fail(r.nulError(len(r.buffer) + at))
		}
		r.buffer = r.buffer[:len(r.buffer)+n]
		if err == io.EOF {
			r.ended = true
		} else if err != nil {
			return r.fail(r.readError(err))
		}
	}
	return nil
}

func (r *Reader) fail(err error) error {
	r.failure = err
	return err
}

func (r *Reader) nulError(at int) error {
	line := r.line + 1 + int64(bytes.Count(r.buffer[:at], []byte{'\n'}))
	return r.in.Errorf(line, "export it again as UTF-8 or GB18030 text; UTF-16 and binary files are not read",
		"a NUL byte: this is no text file of the wallets' encodings")
}

// readError gives an error of the container its position.
func (r *Reader) readError(err error) error {
	return r.in.ReadError(r.line+1+int64(bytes.Count(r.buffer, []byte{'\n'})), err)
}

// ReadError makes the file's fault of a stream that broke in a line, 0 where it has none.
// What the container says of it stays.
func (in Input) ReadError(line int64, err error) *settlement.InputError {
	if placed := (*settlement.InputError)(nil); errors.As(err, &placed) {
		return placed
	}
	return in.Errorf(line, "fetch the file again", "the file ends or breaks while it is read: %v", err)
}

// Peek returns up to the first n bytes that were not yet handed out; n is at most
// blockSize.
func (r *Reader) Peek(n int) ([]byte, error) {
	if err := r.fill(n); err != nil {
		return nil, err
	}
	return r.buffer[:min(n, len(r.buffer))], nil
}

// Line returns the next line without its line end, and its number counted from
// 1; io.EOF when there is none. The text is valid until the next call.
func (r *Reader) Line() ([]byte, int64, error) {
	if r.failure != nil {
		return nil, r.line, r.failure
	}
	for want := 4096; ; want *= 2 {
		end := bytes.IndexByte(r.buffer, '\n')
		if end > MaxLine || end < 0 && len(r.buffer) > MaxLine {
			return nil, r.line, r.fail(r.tooLong(r.line + 1))
		}
		if end >= 0 {
			text := r.buffer[:end]
			r.buffer = r.buffer[end+1:]
			r.line++
			return trimReturn(text), r.line, nil
		}
		if r.ended {
			if len(r.buffer) == 0 {
				return nil, r.line, io.EOF
			}
			text := r.buffer
			r.buffer = nil
			r.line++
			return trimReturn(text), r.line, nil
		}
		if err := r.fill(max(want, len(r.buffer)+1)); err != nil {
			return nil, r.line, err
		}
	}
}

func (r *Reader) tooLong(line int64) error {
	return r.in.Errorf(line, "this is not a file of the known kinds", "a line of more than %d bytes", MaxLine)
}

// longLine returns where the first line of more than MaxLine bytes begins in data, -1
// where there is none. data is whole lines: only lines that hold a byte at a multiple of
// MaxLine can be that long, so no other is looked at.
func longLine(data []byte) int {
	for within := MaxLine; within < len(data); within += MaxLine {
		start, end := bytes.LastIndexByte(data[:within], '\n')+1, len(data)
		if at := bytes.IndexByte(data[within:], '\n'); at >= 0 {
			end = within + at
		}
		if end-start > MaxLine {
			return start
		}
	}
	return -1
}

func trimReturn(text []byte) []byte {
	if n := len(text); n > 0 && text[n-1] == '\r' {
		return text[:n-1]
	}
	return text
}

// Block is a run of whole lines.
type Block struct {
	Data []byte // the lines with their line ends; valid while the block is parsed
	line int64  // number of the last line returned by Next

	memory []byte // that Data is a part of
}

// Next returns the block's next line without its line end, and its number;
// ok is false at the end.
func (b *Block) Next() (text []byte, line int64, ok bool) {
	if len(b.Data) == 0 {
		return nil, 0, false
	}
	b.line++
	at := bytes.IndexByte(b.Data, '\n')
	if at < 0 {
		text, b.Data = b.Data, nil
	} else {
		text, b.Data = b.Data[:at], b.Data[at+1:]
	}
	return trimReturn(text), b.line, true
}

// Blocks hands out all lines up to the first one that starts with trailer (to the
// end where trailer is empty) as blocks, to parse, which runs on in.Workers goroutines at a time,
// each with a number below in.Workers. It returns when all blocks are parsed;
// Line goes on behind them. The first error stops everything.
func (r *Reader) Blocks(ctx context.Context, trailer []byte, parse func(worker int, b *Block) error) error {
	group, ctx := errgroup.WithContext(ctx)
	blocks := make(chan *Block)
	free := make(chan []byte, r.in.Workers+1)
	for range cap(free) {
		free <- nil
	}
	for worker := range r.in.Workers {
		group.Go(func() error {
			for b := range blocks {
				memory := b.memory
				if err := parse(worker, b); err != nil {
					return err
				}
				free <- memory[:0]
			}
			return nil
		})
	}
	group.Go(func() error {
		defer close(blocks)
		for {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			var memory []byte
			select {
			case memory = <-free:
			case <-ctx.Done():
				return ctx.Err()
			}
			b, last, err := r.cut(memory, trailer)
			if err != nil {
				return err
			}
			if b != nil {
				select {
				case blocks <- b:
				case <-ctx.Done():
					return ctx.Err()
				}
			}
			if last {
				return nil
			}
		}
	})
	err := group.Wait()
	for len(free) > 0 {
		keepBlock(<-free)
	}
	return err
}

// block is how large the next block is.
func (r *Reader) block() int {
	if r.size < r.large {
		return blockSize
	}
	return largeBlock
}

// cut takes the next block out of the buffer. memory becomes the buffer in turn.
// last says that the trailer or the end was reached; b is nil where no line came
// before it.
func (r *Reader) cut(memory, trailer []byte) (b *Block, last bool, err error) {
	if err := r.fill(r.block()); err != nil {
		return nil, false, err
	}
	end := len(r.buffer)
	if at := startOfLine(r.buffer, trailer); at >= 0 {
		end, last = at, true
	} else if r.ended {
		last = true
	} else {
		end = bytes.LastIndexByte(r.buffer, '\n') + 1
		if end == 0 {
			return nil, false, r.fail(r.tooLong(r.line + 1))
		}
	}
	data := r.buffer[:end]
	if at := longLine(data); at >= 0 {
		return nil, false, r.fail(r.tooLong(r.line + 1 + int64(bytes.Count(data[:at], []byte{'\n'}))))
	}
	rest := r.buffer[end:]
	if cap(memory) < max(len(rest), 1) {
		memory = newBlock(len(rest))
	}
	b = &Block{Data: data, line: r.line, memory: r.memory}
	r.memory = memory
	r.buffer = append(memory[:0], rest...)
	if end == 0 {
		keepBlock(b.memory)
		return nil, last, nil
	}
	r.line += int64(bytes.Count(data, []byte{'\n'}))
	if data[end-1] != '\n' {
		r.line++
	}
	return b, last, nil
}

// startOfLine returns where the first line of data that starts with prefix
// begins, -1 where there is none. data starts at the start of a line.
func startOfLine(data, prefix []byte) int {
	if len(prefix) == 0 {
		return -1
	}
	if bytes.HasPrefix(data, prefix) {
		return 0
	}
	for from := 0; ; {
		at := bytes.Index(data[from:], prefix)
		if at < 0 {
			return -1
		}
		at += from
		if data[at-1] == '\n' {
			return at
		}
		from = at + 1
	}
}

// Drain reads to the end, so that SHA256 and Size speak of the whole stream.
func (r *Reader) Drain() error {
	for !r.ended {
		r.line += int64(bytes.Count(r.buffer, []byte{'\n'}))
		r.buffer = r.buffer[:0]
		if err := r.fill(blockSize); err != nil {
			return err
		}
	}
	keepBlock(r.memory)
	r.memory, r.buffer = nil, nil
	return nil
}

// SHA256 is the hash of everything read so far, lower-case hex; after Line
// returned io.EOF or Drain, of the whole stream.
func (r *Reader) SHA256() string { return hex.EncodeToString(r.sum.Sum(nil)) }

// Size is the number of bytes read so far.
func (r *Reader) Size() int64 { return r.size }
