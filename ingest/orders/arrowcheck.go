package orders

import (
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	flatbuffers "github.com/google/flatbuffers/go"
)

// The Arrow library makes room for as many fields, keys and buffers as a message
// says it has, before it looks for them: a corrupt count ends the process, which
// nothing can recover from. So the counts are looked at here before.
//
// Tables, unions and vectors are read by their slots as Schema.fbs, Message.fbs and
// File.fbs of the Arrow format number them.

const (
	maxMetadata = 16 << 20 // bytes of the description of one batch, or of the schema
	maxDepth    = 32       // of fields within fields
	maxFields   = 100_000
)

var errCount = errors.New("its description counts more than it holds")

// vector returns where the vector in slot begins, and its length; elements are of
// size bytes.
func vector(t *flatbuffers.Table, slot flatbuffers.VOffsetT, size int) (start flatbuffers.UOffsetT, length int, err error) {
	o := flatbuffers.UOffsetT(t.Offset(slot))
	if o == 0 {
		return 0, 0, nil
	}
	start, length = t.Vector(o), t.VectorLen(o)
	if length < 0 || int64(start)+int64(length)*int64(size) > int64(len(t.Bytes)) {
		return 0, 0, errCount
	}
	return start, length, nil
}

func table32(t *flatbuffers.Table, slot flatbuffers.VOffsetT) (inner flatbuffers.Table, ok bool) {
	o := flatbuffers.UOffsetT(t.Offset(slot))
	if o == 0 {
		return inner, false
	}
	return flatbuffers.Table{Bytes: t.Bytes, Pos: t.Indirect(o + t.Pos)}, true
}

// checkMessage looks at the description of one message: a schema, a dictionary or a
// batch of rows.
func checkMessage(meta []byte) (bodyLength int64, err error) {
	message := flatbuffers.Table{Bytes: meta, Pos: flatbuffers.GetUOffsetT(meta)}
	kind := message.GetByteSlot(6, 0)
	bodyLength = message.GetInt64Slot(10, 0)
	if _, _, err = vector(&message, 12, 4); err != nil {
		return 0, err
	}
	header, ok := table32(&message, 8)
	if !ok {
		return 0, errors.New("a message says nothing")
	}
	switch kind {
	case 1:
		fields := 0
		err = checkSchema(&header, &fields)
	case 2:
		if data, ok := table32(&header, 6); ok {
			err = checkBatch(&data)
		}
	case 3:
		err = checkBatch(&header)
	}
	return bodyLength, err
}

func checkSchema(schema *flatbuffers.Table, fields *int) error {
	if _, _, err := vector(schema, 8, 4); err != nil {
		return err
	}
	return checkFields(schema, 6, 0, fields)
}

// checkFields looks at the vector of fields in slot, and at theirs.
func checkFields(t *flatbuffers.Table, slot flatbuffers.VOffsetT, depth int, fields *int) error {
	start, length, err := vector(t, slot, 4)
	if err != nil {
		return err
	}
	if *fields += length; *fields > maxFields || depth > maxDepth {
		return errors.New("it has too many fields within fields")
	}
	for i := range length {
		field := flatbuffers.Table{Bytes: t.Bytes, Pos: t.Indirect(start + flatbuffers.UOffsetT(i)*4)}
		if _, _, err := vector(&field, 16, 4); err != nil {
			return err
		}
		if err := checkFields(&field, 14, depth+1, fields); err != nil {
			return err
		}
	}
	return nil
}

func checkBatch(batch *flatbuffers.Table) error {
	nodes, columns, err := vector(batch, 6, 16)
	if err != nil {
		return err
	}
	// A batch that has fewer rows than its first column would lose the others unseen.
	if rows := batch.GetInt64Slot(4, 0); columns > 0 && batch.GetInt64(nodes) != rows {
		return fmt.Errorf("a batch of %d rows, whose first column has %d", rows, batch.GetInt64(nodes))
	}
	_, buffers, err := vector(batch, 8, 16)
	if err != nil {
		return err
	}
	start, length, err := vector(batch, 12, 8)
	if err != nil {
		return err
	}
	for i := range length {
		if n := batch.GetInt64(start + flatbuffers.UOffsetT(i)*8); n < 0 || n > int64(buffers) {
			return errCount
		}
	}
	return nil
}

// checkStream looks at every message of a stream, which ends with its mark.
func checkStream(s seekable, size int64) error {
	for at := int64(0); ; {
		meta, length, err := messageAt(s, at, size)
		if err != nil {
			return err
		}
		if length == 0 {
			if at+8 != size {
				return errors.New("bytes stand behind its end")
			}
			return nil
		}
		body, err := checkMessage(meta)
		if err != nil {
			return err
		}
		at += 8 + int64(length)
		if body < 0 || body > size-at {
			return io.ErrUnexpectedEOF
		}
		at += body
	}
}

// messageAt reads the description of the message at an offset, without its mark and
// length.
func messageAt(s seekable, at, size int64) (meta []byte, length int, err error) {
	var prefix [8]byte
	if at < 0 || at > size-8 {
		return nil, 0, errors.New("the mark at its end is missing")
	}
	if _, err := s.ReadAt(prefix[:], at); err != nil {
		return nil, 0, err
	}
	declared := binary.LittleEndian.Uint32(prefix[4:])
	if binary.LittleEndian.Uint32(prefix[:]) != 1<<32-1 || declared > maxMetadata || int64(declared) > size-at-8 {
		return nil, 0, errors.New("a message without its mark, or longer than the file")
	}
	if declared == 0 {
		return nil, 0, nil
	}
	meta = make([]byte, declared)
	_, err = s.ReadAt(meta, at+8)
	return meta, int(declared), err
}

// checkFile looks at the footer of an Arrow file and at every message that it names.
func checkFile(s seekable, size int64) error {
	const tail = 10 // the footer's length and the magic
	end := make([]byte, tail)
	if size < tail+8 {
		return io.ErrUnexpectedEOF
	}
	if _, err := s.ReadAt(end, size-tail); err != nil {
		return err
	}
	length := int64(binary.LittleEndian.Uint32(end))
	if string(end[4:]) != string(arrowMagic) || length > maxMetadata || length > size-tail {
		return errors.New("its end is missing")
	}
	text := make([]byte, length)
	if _, err := s.ReadAt(text, size-tail-length); err != nil {
		return err
	}
	footer := flatbuffers.Table{Bytes: text, Pos: flatbuffers.GetUOffsetT(text)}
	if _, _, err := vector(&footer, 12, 4); err != nil {
		return err
	}
	schema, ok := table32(&footer, 6)
	if !ok {
		return errors.New("it has no schema")
	}
	fields := 0
	if err := checkSchema(&schema, &fields); err != nil {
		return err
	}
	for _, slot := range []flatbuffers.VOffsetT{8, 10} {
		start, blocks, err := vector(&footer, slot, 24)
		if err != nil {
			return err
		}
		for i := range blocks {
			block := start + flatbuffers.UOffsetT(i)*24
			at, described, body := footer.GetInt64(block), int64(footer.GetInt32(block+8)), footer.GetInt64(block+16)
			meta, declared, err := messageAt(s, at, size)
			if err != nil {
				return err
			}
			if declared == 0 || described != int64(declared)+8 || body < 0 || body > size-at-described {
				return fmt.Errorf("its footer does not fit its batch %d", i+1)
			}
			if _, err := checkMessage(meta); err != nil {
				return err
			}
		}
	}
	return nil
}

// checkStoredSchema looks at the Arrow schema that a Parquet file may carry.
func checkStoredSchema(text string) error {
	raw, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		if raw, err = base64.RawStdEncoding.DecodeString(text); err != nil {
			return err
		}
	}
	if len(raw) < 8 || binary.LittleEndian.Uint32(raw) != 1<<32-1 {
		return errCount
	}
	length := int64(binary.LittleEndian.Uint32(raw[4:]))
	if length > int64(len(raw))-8 {
		return errCount
	}
	body, err := checkMessage(raw[8 : 8+length])
	if err == nil && body != 0 {
		return errCount
	}
	return err
}
