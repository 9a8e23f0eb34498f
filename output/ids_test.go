package output

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"testing"

	"reconcile/settlement"
)

// textsOf is the plain way to what packIDs packs.
func textsOf(head, ids []byte) []byte {
	out := bytes.Clone(head)
	for ; len(ids) > 0; ids = ids[idBytes:] {
		out = settlement.ID{Hi: binary.NativeEndian.Uint64(ids), Lo: binary.NativeEndian.Uint64(ids[8:])}.Append(out)
	}
	return out
}

func TestPackedIDsUnpackToTheirTexts(t *testing.T) {
	p := newPacker()
	r := rand.New(rand.NewPCG(1, 2))
	for _, n := range []int{0, 1, 2, 3, 4, 5, 7, 8, 9, 12, 15, 16, 17, 19, 20, 100, idBlock - 1, idBlock, idBlock + 1, idBlock + 4, 3*idBlock + 7, pageRows} {
		for _, head := range [][]byte{{0}, []byte("lengths"), make([]byte, 2000), randomBytes(3000, "01")} {
			ids := make([]byte, n*idBytes)
			for i := range ids {
				ids[i] = byte(r.Uint32())
			}
			want := textsOf(head, ids)
			frame := p.packIDs(nil, head, ids)
			if !bytes.Equal(unpacked(t, frame), want) {
				t.Errorf("%d ids after %d bytes: not their texts", n, len(head))
			}
			if most := len(head) + 10*n + 30*(n/idBlock) + 250; len(frame) > most {
				t.Errorf("%d ids after %d bytes take %d bytes", n, len(head), len(frame))
			}
		}
	}
}

func TestEveryCharacterOfAnID(t *testing.T) {
	for value := range uint64(32) {
		for at := range settlement.IDLength {
			var bits [3]uint64 // of 5 times 16 bits, the lowest first
			shift := 75 - 5*at
			bits[shift/64] |= value << (shift % 64)
			bits[shift/64+1] |= value >> (64 - shift%64)
			ids := binary.NativeEndian.AppendUint64(nil, bits[1]<<48|bits[0]>>16)
			ids = binary.NativeEndian.AppendUint64(ids, bits[0]<<48)
			if got, want := appendIDs(nil, ids), textsOf(nil, ids); !bytes.Equal(got, want) {
				t.Fatalf("value %d at %d: %q instead of %q", value, at, got, want)
			}
		}
	}
}

func FuzzPackIDs(f *testing.F) {
	f.Add([]byte("head"), randomBytes(9*idBytes, ""))
	p := newPacker()
	f.Fuzz(func(t *testing.T, head, ids []byte) {
		if len(head) == 0 {
			t.Skip("ids have their lengths before them")
		}
		ids = ids[:len(ids)/idBytes*idBytes]
		if !bytes.Equal(unpacked(t, p.packIDs(nil, head, ids)), textsOf(head, ids)) {
			t.Error("not the ids' texts")
		}
	})
}
