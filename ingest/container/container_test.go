package container

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/text/encoding/simplifiedchinese"

	"reconcile/settlement"
)

// entry is a member to pack. Names are written byte for byte.
type entry struct {
	name    string
	content string
	stored  bool
	utf8    bool // set the UTF-8 flag
	edit    func(*zip.FileHeader)
}

func packed(t testing.TB, entries ...entry) []byte {
	t.Helper()
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for _, e := range entries {
		h := &zip.FileHeader{Name: e.name, Method: zip.Deflate, NonUTF8: !e.utf8}
		if e.stored {
			h.Method = zip.Store
		}
		if e.utf8 {
			h.Flags |= 0x800
		}
		if e.edit != nil {
			e.edit(h)
		}
		member, err := w.CreateHeader(h)
		if err != nil {
			t.Fatal(err)
		}
		io.WriteString(member, e.content)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func gzipped(content string) []byte {
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	io.WriteString(w, content)
	w.Close()
	return out.Bytes()
}

func gbk(t testing.TB, text string) string {
	t.Helper()
	out, err := simplifiedchinese.GBK.NewEncoder().String(text)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func written(t testing.TB, name string, content []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// contents opens path and reads everything, as member=content.
func contents(path string, limits Limits) (out []string, err error) {
	members, err := Open(path, limits)
	if err != nil {
		return nil, err
	}
	for _, m := range members {
		text, err := readAll(m)
		if err != nil {
			return out, err
		}
		out = append(out, m.Member+"="+text)
	}
	return out, nil
}

func readAll(m Member) (string, error) {
	stream, err := m.Open()
	if err != nil {
		return "", err
	}
	text, err := io.ReadAll(stream)
	return string(text), errors.Join(err, stream.Close())
}

func TestOpenHandsOut(t *testing.T) {
	long := strings.Repeat("0123456789,", 100_000)
	book := packed(t, entry{name: "[Content_Types].xml", content: "<x/>"}, entry{name: "xl/workbook.xml", content: "<x/>"})
	for _, c := range []struct {
		name    string
		content []byte
		want    []string
	}{
		{"a plain file as it is", []byte("a,b\n"), []string{"=a,b\n"}},
		{"a gzip file", gzipped(long), []string{"=" + long}},
		{"a gzip file of several members in a row", append(gzipped("a\n"), gzipped("b\n")...), []string{"=a\nb\n"}},
		{"deflated and stored members in the archive's order",
			packed(t, entry{name: "z.csv", content: long}, entry{name: "a.csv", content: "A", stored: true}),
			[]string{"z.csv=" + long, "a.csv=A"}},
		{"members of folders inside", packed(t, entry{name: "day/"}, entry{name: "day/one/a.csv", content: "A"}), []string{"day/one/a.csv=A"}},
		{"a name in GBK without the UTF-8 flag", packed(t, entry{name: gbk(t, "20880001_业务明细.csv"), content: "A"}), []string{"20880001_业务明细.csv=A"}},
		{"a name in GBK with a wrongly set UTF-8 flag", packed(t, entry{name: gbk(t, "业务明细(汇总).csv"), content: "A", utf8: true}), []string{"业务明细(汇总).csv=A"}},
		{"a name in UTF-8 without the flag", packed(t, entry{name: "业务明细.csv", content: "A"}), []string{"业务明细.csv=A"}},
		{"a GBK character whose second byte is a backslash", packed(t, entry{name: gbk(t, "誠.csv"), content: "A"}), []string{"誠.csv=A"}},
		{"backslashes as separators", packed(t, entry{name: `day\a.csv`, content: "A"}), []string{"day/a.csv=A"}},
		{"a workbook inside, whole", packed(t, entry{name: "in.xlsx", content: string(book), stored: true}), []string{"in.xlsx=" + string(book)}},
		{"no junk of macOS and Windows", packed(t, entry{name: "a.csv", content: "A"}, entry{name: "__MACOSX/._a.csv", content: "x"},
			entry{name: "day/.DS_Store", content: "x"}, entry{name: "Thumbs.db", content: "x"}), []string{"a.csv=A"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := contents(written(t, "named.txt", c.content), Limits{})
			if err != nil || !slices.Equal(got, c.want) {
				t.Errorf("got %.200q, %v, want %.200q", got, err, c.want)
			}
		})
	}
}

func TestGBKNamesAreTheBytesOfTheArchive(t *testing.T) {
	if name := gbk(t, "誠"); name[1] != '\\' {
		t.Fatalf("the fixture's name is % x and does not end in a backslash", name)
	}
	archive := packed(t, entry{name: gbk(t, "业务.csv"), content: "A", utf8: true})
	want := []byte{0xd2, 0xb5, 0xce, 0xf1, '.', 'c', 's', 'v'}
	if !bytes.Contains(archive, want) {
		t.Fatal("the archive does not hold the GBK bytes")
	}
	if flags := binary.LittleEndian.Uint16(archive[6:]); flags&0x800 == 0 {
		t.Fatal("the archive does not set the UTF-8 flag")
	}
}

func TestZip64IsRead(t *testing.T) {
	// The directory's end says 0xffff members: the count is in the zip64 record.
	archive := packed(t, entry{name: "a.csv", content: "A"})
	end := bytes.LastIndex(archive, []byte("PK\x05\x06"))
	size, offset := binary.LittleEndian.Uint32(archive[end+12:]), binary.LittleEndian.Uint32(archive[end+16:])
	le := binary.LittleEndian
	record := le.AppendUint64([]byte("PK\x06\x06"), 44)
	record = append(record, 45, 0, 45, 0, 0, 0, 0, 0, 0, 0, 0, 0)
	record = le.AppendUint64(le.AppendUint64(record, 1), 1)
	record = le.AppendUint64(le.AppendUint64(record, uint64(size)), uint64(offset))
	locator := le.AppendUint64(append([]byte("PK\x06\x07"), 0, 0, 0, 0), uint64(end))
	locator = append(locator, 1, 0, 0, 0)
	tail := append([]byte("PK\x05\x06"), 0, 0, 0, 0, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 0, 0)
	archive = slices.Concat(archive[:end], record, locator, tail)
	got, err := contents(written(t, "a.zip", archive), Limits{})
	if err != nil || !slices.Equal(got, []string{"a.csv=A"}) {
		t.Errorf("got %q, %v", got, err)
	}
}

// changed returns archive with the byte at the offset after mark set.
func changed(t *testing.T, archive []byte, mark string, offset int, value byte) []byte {
	t.Helper()
	at := bytes.LastIndex(archive, []byte(mark))
	if at < 0 {
		t.Fatalf("no %q in the archive", mark)
	}
	out := slices.Clone(archive)
	out[at+offset] = value
	return out
}

func TestOpenRefuses(t *testing.T) {
	const directory, local = "PK\x01\x02", "PK\x03\x04"
	text := strings.Repeat("2024-09-12,12.30\n", 500)
	one := packed(t, entry{name: "a.csv", content: text, stored: true})
	deflated := packed(t, entry{name: "a.csv", content: text})
	zeroSum := changed(t, changed(t, changed(t, changed(t, one, directory, 16, 0), directory, 17, 0), directory, 18, 0), directory, 19, 0)
	zeroSum = changed(t, zeroSum, directory, 8, 0) // no data descriptor
	gz := gzipped(text)
	for _, c := range []struct {
		name    string
		content []byte
		limits  Limits
		want    string
	}{
		{"a file of zero bytes", nil, Limits{}, "the file has zero bytes"},
		{"a gzip file of zero bytes", gzipped(""), Limits{}, "it has zero bytes"},
		{"a member of zero bytes", packed(t, entry{name: "a.csv"}), Limits{}, "a.csv: it has zero bytes"},
		{"an archive without members", packed(t), Limits{}, "the zip archive holds no file"},
		{"an archive of junk alone", packed(t, entry{name: "__MACOSX/a", content: "x"}), Limits{}, "the zip archive holds no file"},
		{"a zip inside a zip", packed(t, entry{name: "in.zip", content: string(one)}), Limits{}, "in.zip: a zip archive inside an archive is not read"},
		{"a gzip inside a zip", packed(t, entry{name: "in.gz", content: string(gz)}), Limits{}, "in.gz: a gzip file inside an archive is not read"},
		{"a gzip inside a gzip", gzipped(string(gz)), Limits{}, "a gzip file inside an archive is not read"},
		{"a tar inside a gzip", gzipped(strings.Repeat("x", 257) + "ustar" + text), Limits{}, "a tar archive inside an archive"},
		{"a RAR archive", []byte("Rar!\x1a\x07\x00 and so on"), Limits{}, "a RAR archive, which is not read"},
		{"a 7z archive", []byte("7z\xbc\xaf\x27\x1c and so on"), Limits{}, "a 7z archive, which is not read"},
		{"an encrypted member", packed(t, entry{name: "a.csv", content: "A", edit: func(h *zip.FileHeader) { h.Flags |= 1 }}), Limits{}, "the member is encrypted (unpack the archive with its password first"},
		{"an unknown packing method", changed(t, one, directory, 10, 12), Limits{}, "packed with method 12"},
		{"a symbolic link as member", packed(t, entry{name: "a", content: "/etc/passwd", edit: func(h *zip.FileHeader) { h.SetMode(os.ModeSymlink | 0o777) }}), Limits{}, "a symbolic link, not a file"},
		{"a name that climbs", packed(t, entry{name: "../a.csv", content: "A"}), Limits{}, "leads out of the archive"},
		{"a name that climbs with backslashes", packed(t, entry{name: `day\..\..\a.csv`, content: "A"}), Limits{}, "leads out of the archive"},
		{"an absolute name", packed(t, entry{name: "/etc/a.csv", content: "A"}), Limits{}, "leads out of the archive"},
		{"a name with a drive", packed(t, entry{name: `C:\a.csv`, content: "A"}), Limits{}, "leads out of the archive"},
		{"a name with control characters", packed(t, entry{name: "a\x1b[2Jb", content: "A"}), Limits{}, "a?[2Jb: the member's name"},
		{"a name in no known encoding", packed(t, entry{name: "a\xff\xff.csv", content: "A"}), Limits{}, "is not a name"},
		{"two members of one name", packed(t, entry{name: "a", content: "A"}, entry{name: "a", content: "B"}), Limits{}, "two members have this name"},
		{"too many members", packed(t, entry{name: "a", content: "A"}, entry{name: "b", content: "B"}), Limits{Members: 1}, "more than 1 members"},
		{"too many members behind a lying count", changed(t, packed(t, entry{name: "a", content: "A"}, entry{name: "b", content: "B"}), "PK\x05\x06", 10, 1), Limits{Members: 1}, "zip archive"},
		{"a member that declares more than allowed", one, Limits{Decoded: 100}, "more than the 100 allowed"},
		{"members that together declare more than allowed", packed(t, entry{name: "a", content: text}, entry{name: "b", content: text}), Limits{Decoded: int64(len(text)) + 1}, "bytes of content and more"},
		{"a member that declares less than it holds", changed(t, deflated, directory, 24, 5), Limits{}, "a.csv: "},
		{"a gzip file that unfolds into more than allowed", gz, Limits{Decoded: 100}, "more than the 100 bytes allowed"},
		{"a stored member with a flipped byte", changed(t, one, "12.30", 1, '3'), Limits{}, "the checksum does not match"},
		{"a member whose checksum was set to zero", zeroSum, Limits{}, "the checksum does not match"},
		{"a gzip file with a wrong checksum", changed(t, gz, string(gz[len(gz)-8:]), 0, gz[len(gz)-8]+1), Limits{}, "the checksum does not match"},
		{"bytes behind a gzip file", append(slices.Clone(gz), "garbage"...), Limits{}, "corrupt"},
		{"a damaged local header", changed(t, one, local, 0, 'X'), Limits{}, "corrupt"},
	} {
		t.Run(c.name, func(t *testing.T) {
			content := c.content
			if c.name == "a damaged local header" {
				// Keep the first bytes a zip's: put another member before it.
				content = changed(t, packed(t, entry{name: "0", content: "A"}, entry{name: "1", content: "B"}), local, 0, 'X')
			}
			got, err := contents(written(t, "in.bin", content), c.limits)
			var refused *settlement.InputError
			if !errors.As(err, &refused) {
				t.Fatalf("got %.80q and error %v, want an InputError", got, err)
			}
			if !strings.Contains(err.Error(), c.want) || refused.Do == "" || !strings.HasSuffix(refused.File, "in.bin") {
				t.Errorf("got %v, want %q with advice and the file's name", err, c.want)
			}
		})
	}
}

// TestBombs: what unfolds out of proportion is refused, whether it says so or not.
func TestBombs(t *testing.T) {
	zeros := strings.Repeat("0", harmless+1<<20)
	limits := Limits{Ratio: 100}
	t.Run("declared by a zip", func(t *testing.T) {
		_, err := Open(written(t, "b.zip", packed(t, entry{name: "a", content: zeros})), limits)
		if err == nil || !strings.Contains(err.Error(), "over 100 times as many") {
			t.Errorf("got %v", err)
		}
	})
	t.Run("undeclared in a gzip file, found while reading", func(t *testing.T) {
		members, err := Open(written(t, "b.gz", gzipped(zeros)), limits)
		if err != nil {
			t.Fatal(err)
		}
		stream, err := members[0].Open()
		if err != nil {
			t.Fatal(err)
		}
		defer stream.Close()
		n, err := io.Copy(io.Discard, stream)
		if err == nil || !strings.Contains(err.Error(), "over 100 times as many") || n > harmless+1<<16 {
			t.Errorf("read %d bytes and got %v", n, err)
		}
	})
	t.Run("the same ratio is harmless in a small file", func(t *testing.T) {
		small := strings.Repeat("0", 1<<20)
		if got, err := contents(written(t, "b.gz", gzipped(small)), limits); err != nil || got[0] != "="+small {
			t.Errorf("got %v", err)
		}
	})
}

// TestTruncation: an archive cut anywhere never ends as if it were whole.
func TestTruncation(t *testing.T) {
	text := "the first line\nthe second line\n"
	for name, whole := range map[string][]byte{
		"zip":  packed(t, entry{name: "a.csv", content: text}),
		"gzip": gzipped(text),
	} {
		t.Run(name, func(t *testing.T) {
			path := written(t, "cut", nil)
			for n := 3; n < len(whole); n++ {
				if name == "zip" && n < 4 {
					continue // shorter than what tells a zip
				}
				if err := os.WriteFile(path, whole[:n], 0o600); err != nil {
					t.Fatal(err)
				}
				got, err := contents(path, Limits{})
				var refused *settlement.InputError
				if !errors.As(err, &refused) {
					t.Fatalf("cut to %d of %d bytes: got %q, %v", n, len(whole), got, err)
				}
			}
		})
	}
}

func TestAWorkbookIsHandedOutWhole(t *testing.T) {
	book := packed(t, entry{name: "[Content_Types].xml", content: "<x/>"}, entry{name: "xl/workbook.xml", content: "<x/>"})
	got, err := contents(written(t, "orders.xlsx", book), Limits{})
	if err != nil || !slices.Equal(got, []string{"=" + string(book)}) {
		t.Errorf("got %.40q, %v", got, err)
	}
}

func TestMembersMayBeOpenTogetherAndAgain(t *testing.T) {
	members, err := Open(written(t, "a.zip", packed(t, entry{name: "a", content: "AA"}, entry{name: "b", content: "BB"})), Limits{})
	if err != nil {
		t.Fatal(err)
	}
	first, err := members[0].Open()
	if err != nil {
		t.Fatal(err)
	}
	if text, err := readAll(members[1]); text != "BB" || err != nil {
		t.Errorf("second while the first is open: %q, %v", text, err)
	}
	if text, err := io.ReadAll(first); string(text) != "AA" || err != nil {
		t.Errorf("first: %q, %v", text, err)
	}
	first.Close()
	if _, err := first.Read(make([]byte, 1)); err == nil || err == io.EOF {
		t.Errorf("a read after Close gave %v", err)
	}
	if text, err := readAll(members[0]); text != "AA" || err != nil {
		t.Errorf("again: %q, %v", text, err)
	}
}

func TestSizesAreThoseDeclared(t *testing.T) {
	for _, c := range []struct {
		content []byte
		want    int64
	}{{[]byte("abc"), 3}, {gzipped("abc"), -1}, {packed(t, entry{name: "a", content: "abcd"}), 4}} {
		members, err := Open(written(t, "x", c.content), Limits{})
		if err != nil || len(members) != 1 || members[0].Size != c.want {
			t.Errorf("got %+v, %v, want size %d", members, err, c.want)
		}
	}
}

func TestAFileReplacedBetweenTwoOpeningsIsRefused(t *testing.T) {
	path := written(t, "a.csv", []byte("abc"))
	members, err := Open(path, Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte("abcd"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := readAll(members[0]); err == nil || !strings.Contains(err.Error(), "changed while it was read") {
		t.Errorf("got %v", err)
	}
}

func TestErrorsOfTheFileSystemStayAsTheyAre(t *testing.T) {
	if _, err := Open(filepath.Join(t.TempDir(), "none.csv"), Limits{}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}

func FuzzOpen(f *testing.F) {
	f.Add([]byte("a,b\n"))
	f.Add(gzipped("a,b\n"))
	f.Add(append(gzipped("a"), gzipped("b")...))
	f.Add(packed(f, entry{name: gbk(f, "业务明细.csv"), content: "a,b\n"}, entry{name: "b/c.csv", content: "x", stored: true}))
	f.Add(packed(f, entry{name: "in.zip", content: string(packed(f, entry{name: "a", content: "A"}))}))
	path := filepath.Join(f.TempDir(), "in")
	limits := Limits{Members: 10, Decoded: 1 << 16}
	f.Fuzz(func(t *testing.T, content []byte) {
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		members, err := Open(path, limits)
		if err != nil && len(members) > 0 {
			t.Fatalf("%d members with error %v", len(members), err)
		}
		if len(members) > limits.Members {
			t.Fatalf("%d members", len(members))
		}
		for _, m := range members {
			text, err := readAll(m)
			if err == nil && len(text) == 0 {
				t.Fatalf("%q: nothing was read, without an error", m.Member)
			}
			if err == nil && m.Size >= 0 && int64(len(text)) != m.Size {
				t.Fatalf("%q: %d bytes, declared %d", m.Member, len(text), m.Size)
			}
			if strings.HasPrefix(m.Member, "/") || slices.Contains(strings.Split(m.Member, "/"), "..") {
				t.Fatalf("member name %q", m.Member)
			}
		}
	})
}
