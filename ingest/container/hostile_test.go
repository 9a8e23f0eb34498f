package container

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"compress/gzip"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"

	"reconcile/settlement"
)

// rawMember is a member of which every field is written as it is given.
type rawMember struct {
	name                 string
	flags, method        uint16
	packed               []byte
	crc                  uint32
	size                 uint64 // as declared
	zip64                bool   // sizes in the extra field
	extra                []byte
	sharesTheOneBeforeIt bool // points at the same content
}

// rawZip writes an archive byte by byte: what no tool would write.
func rawZip(members ...rawMember) []byte {
	le := binary.LittleEndian
	var out, directory []byte
	at := 0
	for _, m := range members {
		size, packed := uint32(min(m.size, 1<<32-1)), uint32(len(m.packed))
		extra := m.extra
		if m.zip64 {
			extra = le.AppendUint64(le.AppendUint64(le.AppendUint16(le.AppendUint16(nil, 1), 16), m.size), uint64(len(m.packed)))
			size, packed = 1<<32-1, 1<<32-1
		}
		fields := le.AppendUint16(le.AppendUint16(le.AppendUint16(nil, 20), m.flags), m.method)
		fields = append(fields, 0, 0, 0, 0) // time and day
		fields = le.AppendUint32(le.AppendUint32(le.AppendUint32(fields, m.crc), packed), size)
		fields = le.AppendUint16(le.AppendUint16(fields, uint16(len(m.name))), uint16(len(extra)))
		if !m.sharesTheOneBeforeIt {
			at = len(out)
			out = slices.Concat(out, []byte("PK\x03\x04"), fields, []byte(m.name), extra, m.packed)
		}
		directory = append(slices.Concat(directory, []byte("PK\x01\x02\x14\x00"), fields), make([]byte, 10)...)
		directory = le.AppendUint32(directory, uint32(at))
		directory = append(append(directory, m.name...), extra...)
	}
	end := le.AppendUint16(le.AppendUint16([]byte("PK\x05\x06\x00\x00\x00\x00"), uint16(len(members))), uint16(len(members)))
	end = le.AppendUint32(le.AppendUint32(end, uint32(len(directory))), uint32(len(out)))
	return slices.Concat(out, directory, end, []byte{0, 0})
}

// deflatedZeros is size zeros, deflated, and their checksum, without holding them.
func deflatedZeros(t *testing.T, size int) ([]byte, uint32) {
	t.Helper()
	var out bytes.Buffer
	w, err := flate.NewWriter(&out, flate.BestSpeed)
	if err != nil {
		t.Fatal(err)
	}
	sum, zeros := crc32.NewIEEE(), make([]byte, 1<<20)
	for left := size; left > 0; left -= len(zeros) {
		part := zeros[:min(left, len(zeros))]
		w.Write(part)
		sum.Write(part)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes(), sum.Sum32()
}

// within runs f and fails where it allocated more than so many bytes in all.
func within(t *testing.T, most uint64, f func()) {
	t.Helper()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	if took := after.TotalAlloc - before.TotalAlloc; took > most {
		t.Errorf("%d bytes were allocated, %d at most expected", took, most)
	}
}

// drained opens path and reads everything into nothing.
func drained(path string, limits Limits) (read int64, err error) {
	members, err := Open(path, limits)
	if err != nil {
		return 0, err
	}
	for _, m := range members {
		stream, err := m.Open()
		if err != nil {
			return read, err
		}
		n, err := io.Copy(io.Discard, stream)
		read += n
		if err := errors.Join(err, stream.Close()); err != nil {
			return read, err
		}
	}
	return read, nil
}

func refusedWith(t *testing.T, err error, want string) {
	t.Helper()
	var refused *settlement.InputError
	if !errors.As(err, &refused) || !strings.Contains(err.Error(), want) || refused.Do == "" {
		t.Errorf("got %v, want %q with advice", err, want)
	}
}

const littleMemory = 8 << 20

func TestHandwrittenArchives(t *testing.T) {
	text := "交易时间,订单号\n"
	stored := rawMember{name: "a.csv", packed: []byte(text), crc: crc32.ChecksumIEEE([]byte(text)), size: uint64(len(text))}
	aes := stored
	aes.method, aes.flags = aesMethod, encryptedFlag
	aes.extra = []byte("\x01\x99\x07\x00\x02\x00AE\x03\x00\x00")
	unflagged := aes
	unflagged.flags = 0
	inDirectoryToo := stored
	inDirectoryToo.flags = encryptedFlag | 1<<6 | 1<<13 // strong encryption, names masked
	wide := stored
	wide.zip64 = true
	longer := stored
	longer.size, longer.crc = 1<<20, 0
	for _, c := range []struct {
		name   string
		zip    []byte
		refuse string
	}{
		{"stored", rawZip(stored), ""},
		{"sizes in the zip64 field", rawZip(wide), ""},
		{"packed with AES", rawZip(aes), "the member is encrypted (unpack the archive with its password first"},
		{"packed with AES, without the flag", rawZip(unflagged), "the member is encrypted"},
		{"strong encryption", rawZip(inDirectoryToo), "the member is encrypted"},
		{"one good member, one encrypted", rawZip(stored, func() rawMember { m := aes; m.name = "b.csv"; return m }()), "b.csv: the member is encrypted"},
		{"a stored member that is shorter than it declares", rawZip(longer), "a.csv: "},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := contents(written(t, "a.zip", c.zip), Limits{})
			if c.refuse != "" {
				refusedWith(t, err, c.refuse)
			} else if err != nil || !slices.Equal(got, []string{"a.csv=" + text}) {
				t.Errorf("got %q, %v", got, err)
			}
		})
	}
}

// TestBombsTakeLittleMemory: by what they declare, by what they hold, and by members
// that share their content.
func TestBombsTakeLittleMemory(t *testing.T) {
	zeros, sum := deflatedZeros(t, 256<<20)
	declared := rawMember{name: "a.csv", method: 8, packed: zeros, crc: sum, size: 256 << 20}
	lying := declared
	lying.size = 100
	modest := rawMember{name: "a.csv", method: 8, crc: sum}
	modest.packed, modest.crc = deflatedZeros(t, 60<<20)
	modest.size = 60 << 20
	shared := []rawMember{modest}
	for i := range 40 {
		next := modest
		next.name, next.sharesTheOneBeforeIt = fmt.Sprintf("%d.csv", i), true
		shared = append(shared, next)
	}
	var gz bytes.Buffer
	w, _ := gzip.NewWriterLevel(&gz, gzip.BestSpeed)
	for range 256 {
		w.Write(make([]byte, 1<<20))
	}
	w.Close()
	limits := Limits{Ratio: 100} // these are packed 228 times over
	for _, c := range []struct {
		name    string
		content []byte
		want    string
		read    int64 // at most
	}{
		{"declared", rawZip(declared), "over 100 times as many", 0},
		{"declared small", rawZip(lying), "a.csv: ", 1 << 16},
		{"members that share their content", rawZip(shared...), "of content and more", 0},
		{"gzip", gz.Bytes(), "over 100 times as many", harmless + 1<<16},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := written(t, "bomb", c.content)
			within(t, littleMemory, func() {
				n, err := drained(path, limits)
				refusedWith(t, err, c.want)
				if n > c.read {
					t.Errorf("%d bytes were read", n)
				}
			})
		})
	}
}

// TestLargeContentTakesLittleMemory: a quarter of a gigabyte that is allowed, from each container.
func TestLargeContentTakesLittleMemory(t *testing.T) {
	const size = 256 << 20
	zeros, sum := deflatedZeros(t, size)
	var gz bytes.Buffer
	w, _ := gzip.NewWriterLevel(&gz, gzip.BestSpeed)
	for range size >> 20 {
		w.Write(make([]byte, 1<<20))
	}
	w.Close()
	sparse := written(t, "plain.csv", []byte("a"))
	if err := os.Truncate(sparse, size); err != nil {
		t.Fatal(err)
	}
	for name, path := range map[string]string{
		"plain": sparse,
		"gzip":  written(t, "a.gz", gz.Bytes()),
		"zip":   written(t, "a.zip", rawZip(rawMember{name: "a.csv", method: 8, packed: zeros, crc: sum, size: size})),
	} {
		t.Run(name, func(t *testing.T) {
			within(t, littleMemory, func() {
				if n, err := drained(path, Limits{Ratio: 1 << 20}); n != size || err != nil {
					t.Errorf("%d bytes, %v", n, err)
				}
			})
		})
	}
}

// TestMillionsOfMembersTakeLittleMemory: the directory is not loaded.
func TestMillionsOfMembersTakeLittleMemory(t *testing.T) {
	one := rawZip(rawMember{name: "a.csv", packed: []byte("A"), crc: crc32.ChecksumIEEE([]byte("A")), size: 1})
	start, end := bytes.Index(one, []byte("PK\x01\x02")), bytes.Index(one, []byte("PK\x05\x06"))
	entry := one[start:end]
	many := bytes.Repeat(entry, 300_000)
	archive := slices.Concat(one[:start], many, one[end:])
	binary.LittleEndian.PutUint32(archive[len(archive)-10:], uint32(len(many)))
	for _, count := range []uint16{1, 4000, 60_000, 0xffff} {
		binary.LittleEndian.PutUint16(archive[len(archive)-12:], count)
		binary.LittleEndian.PutUint16(archive[len(archive)-14:], count)
		path := written(t, "many.zip", archive)
		within(t, 4*littleMemory, func() {
			_, err := Open(path, Limits{})
			refusedWith(t, err, "zip archive")
		})
	}
}

func TestNestedFoldersAndNamesInOneArchive(t *testing.T) {
	archive := packed(t,
		entry{name: gbk(t, "九月/十二日/20880001_业务明细.csv"), content: "A", stored: true},
		entry{name: gbk(t, "九月/十二日/20880001_业务明细(汇总).csv"), content: "B", utf8: true},
		entry{name: "九月/十三日/20880001_业务明细.csv", content: "C", utf8: true},
		entry{name: "a/b/c/d/e/f/g.csv", content: "D"},
	)
	got, err := contents(written(t, "a.zip", archive), Limits{})
	want := []string{"九月/十二日/20880001_业务明细.csv=A", "九月/十二日/20880001_业务明细(汇总).csv=B", "九月/十三日/20880001_业务明细.csv=C", "a/b/c/d/e/f/g.csv=D"}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestOneNameInTwoEncodingsOccursTwice(t *testing.T) {
	archive := packed(t, entry{name: gbk(t, "业务明细.csv"), content: "A"}, entry{name: "业务明细.csv", content: "B", utf8: true})
	_, err := contents(written(t, "a.zip", archive), Limits{})
	refusedWith(t, err, "two members have this name")
}

// TestAZip64ArchiveOfTooManyMembersForZipIsRead: 70,000 members, which the directory's
// end of plain zip cannot count. The limit on members is raised for it; under the usual
// one it is refused for their number.
func TestAZip64ArchiveOfTooManyMembersForZipIsRead(t *testing.T) {
	const count = 70_000
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for i := range count {
		m, err := w.CreateRaw(&zip.FileHeader{Name: fmt.Sprintf("day/%05d.csv", i), Method: zip.Store,
			CRC32: crc32.ChecksumIEEE([]byte("A")), CompressedSize64: 1, UncompressedSize64: 1})
		if err != nil {
			t.Fatal(err)
		}
		io.WriteString(m, "A")
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(out.Bytes(), []byte("PK\x06\x06")) {
		t.Fatal("the archive has no zip64 record")
	}
	path := written(t, "many.zip", out.Bytes())
	members, err := Open(path, Limits{Members: count})
	if err != nil || len(members) != count {
		t.Fatalf("%d members, %v", len(members), err)
	}
	for _, i := range []int{0, 65_535, count - 1} {
		if text, err := readAll(members[i]); text != "A" || err != nil || members[i].Member != fmt.Sprintf("day/%05d.csv", i) {
			t.Errorf("%s: %q, %v", members[i].Member, text, err)
		}
	}
	within(t, littleMemory, func() {
		_, err := Open(path, Limits{})
		refusedWith(t, err, "the zip archive has more than 4096 members")
	})
}

// TestZip64FieldsOfAMember: what Info-ZIP writes where it is told to (zip -fz), a field
// that is cut, and a size that cannot be.
func TestZip64FieldsOfAMember(t *testing.T) {
	const forced = "504b03042d00000000009d207c5dc5109724ffffffffffffffff05001400612e6373760100100004000000000000000400000000000000612c620a50" +
		"4b01021e032d00000000009d207c5dc510972404000000ffffffff05000c000000000001000000a48100000000612e63737601000800040000000000" +
		"0000504b06062c000000000000001e032d000000000000000000010000000000000001000000000000003f000000000000003b00000000000000504b" +
		"0607000000007a0000000000000001000000504b050600000000010001003f000000ffffffff0000"
	if got, err := contents(written(t, "a.zip", unhex(t, forced)), Limits{}); err != nil || !slices.Equal(got, []string{"a.csv=a,b\n"}) {
		t.Errorf("got %q, %v", got, err)
	}
	cut := rawMember{name: "a.csv", packed: []byte("a,b\n"), size: 1<<32 - 1, extra: []byte("\x01\x00\x04\x00abcd")}
	_, err := contents(written(t, "b.zip", rawZip(cut)), Limits{})
	refusedWith(t, err, "zip archive is truncated or corrupt")
	huge := rawMember{name: "a.csv", packed: []byte("a,b\n"), size: 1 << 62, zip64: true}
	_, err = contents(written(t, "c.zip", rawZip(huge)), Limits{})
	refusedWith(t, err, "a.csv: it declares 4611686018427387904 bytes")
}

// TestZipCryptoIsRefusedWithAdvice: the password of old zips, as Info-ZIP packs with it
// (zip -P).
func TestZipCryptoIsRefusedWithAdvice(t *testing.T) {
	const encrypted = "504b03040a00090000009d207c5dc5109724100000000400000005000000612e637376e0b50a4e530004243dbc69e15e2e5d85504b0708c510972410" +
		"00000004000000504b01021e030a00090000009d207c5dc51097241000000004000000050000000000000001000000a48100000000612e637376504b" +
		"0506000000000100010033000000430000000000"
	_, err := contents(written(t, "a.zip", unhex(t, encrypted)), Limits{})
	refusedWith(t, err, "a.zip!a.csv: the member is encrypted (unpack the archive with its password first and name the files)")
}

func unhex(t *testing.T, text string) []byte {
	t.Helper()
	out, err := hex.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return out
}
