package orders

import (
	"bytes"
	"sync"

	"reconcile/ingest/delimited"
)

// seam joins the records that a newline inside quotes spreads over two or more
// blocks. Blocks pass it in the order of the file, each once; a worker waits here
// for the blocks before its own, which other workers pass before they parse.
//
// Whether a byte is inside quotes follows from the number of quotes before it,
// doubled ones included: counting is all that has to be done in order.
type seam struct {
	mu   sync.Mutex
	turn *sync.Cond
	next int64 // line with which the block whose turn it is begins

	open     []byte // start of a record that no block has ended yet, nil where there is none
	openLine int64
	// lost says that open grew longer than a record may be: a quote is wrong and
	// nothing behind it can be judged.
	lost bool
}

func newSeam(firstLine int64) *seam {
	s := &seam{next: firstLine}
	s.turn = sync.NewCond(&s.mu)
	return s
}

// piece is a run of whole records.
type piece struct {
	data   []byte
	line   int64 // of the first record
	quotes bool  // whether data may contain a quote
}

// pass takes the block that begins at line first and returns its records: the one
// that an earlier block began, and the whole ones. What a later block must end is
// kept. quotes and lines are counted over data.
func (s *seam) pass(data []byte, first int64, quotes, lines int) (joined, whole piece) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for s.next != first {
		s.turn.Wait()
	}
	s.next = first + int64(lines)
	defer s.turn.Broadcast()
	if s.lost || s.open == nil && quotes%2 == 0 {
		if s.lost {
			data = nil
		}
		return piece{}, piece{data, first, quotes > 0}
	}
	line := first
	inside := quotes%2 == 1
	if s.open != nil {
		inside = !inside
		head := endOfOpen(data)
		if head < 0 && !inside {
			head = len(data) // the file's last record, without a line end
		}
		if head < 0 {
			s.keep(data)
			return piece{}, piece{}
		}
		joined = piece{append(s.open, data[:head]...), s.openLine, true}
		line += int64(bytes.Count(data[:head], []byte{'\n'}))
		data, s.open = data[head:], nil
	}
	if inside {
		tail := startOfOpen(data)
		s.openLine = line + int64(bytes.Count(data[:tail], []byte{'\n'}))
		s.keep(data[tail:])
		data = data[:tail]
	}
	return joined, piece{data, line, true}
}

func (s *seam) keep(data []byte) {
	s.open = append(s.open, data...)
	s.lost = len(s.open) > delimited.MaxLine
}

// endOfOpen returns where the record ends, its newline included, inside whose
// quotes data begins; -1 where it does not end in data.
func endOfOpen(data []byte) int {
	for i := 0; ; {
		at := bytes.IndexByte(data[i:], '"')
		if at < 0 {
			return -1
		}
		i += at + 1 // outside from here to the next quote
		outside := data[i:]
		if at = bytes.IndexByte(outside, '"'); at >= 0 {
			outside = outside[:at]
		}
		if newline := bytes.IndexByte(outside, '\n'); newline >= 0 {
			return i + newline + 1
		}
		if at < 0 {
			return -1
		}
		i += at + 1
	}
}

// startOfOpen returns where the last record of data begins; data begins outside
// and ends inside quotes.
func startOfOpen(data []byte) int {
	for end := len(data); ; {
		opening := bytes.LastIndexByte(data[:end], '"')
		outside := data[:max(opening, 0)]
		closing := bytes.LastIndexByte(outside, '"')
		if newline := bytes.LastIndexByte(outside[closing+1:], '\n'); newline >= 0 {
			return closing + 1 + newline + 1
		}
		if closing < 0 {
			return 0
		}
		end = closing
	}
}
