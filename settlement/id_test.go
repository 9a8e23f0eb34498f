package settlement

import (
	"cmp"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestIDTextsAreOrderedAsIDsAre(t *testing.T) {
	// Few distinct high words, and low words that differ in any bit.
	ids := rapid.Custom(func(t *rapid.T) ID {
		return ID{Hi: rapid.Uint64Range(0, 3).Draw(t, "hi") << rapid.IntRange(0, 62).Draw(t, "shift"), Lo: rapid.Uint64().Draw(t, "lo") & idKept}
	})
	rapid.Check(t, func(t *rapid.T) {
		a := ids.Draw(t, "a")
		b := rapid.OneOf(ids, rapid.Just(ID{a.Hi, a.Lo ^ 1<<rapid.IntRange(48, 63).Draw(t, "bit")})).Draw(t, "b")
		if got, want := a.Compare(b), cmp.Compare(a.String(), b.String()); got != want {
			t.Fatalf("Compare(%s, %s) = %d, the texts say %d", a, b, got, want)
		}
		if len(a.String()) != IDLength || strings.Trim(a.String(), idAlphabet) != "" {
			t.Fatalf("text %q", a)
		}
		if read, ok := ParseID(a.String()); !ok || read != a {
			t.Fatalf("%s is read as %s, %t", a, read, ok)
		}
	})
}

func TestIDTextShowsTheTop80Bits(t *testing.T) {
	for _, c := range []struct {
		id   ID
		want string
	}{
		{ID{}, strings.Repeat("0", 16)},
		{ID{^uint64(0), ^uint64(0)}, strings.Repeat("v", 16)},
		{ID{1 << 63, 0}, "g" + strings.Repeat("0", 15)},
		{ID{0, 1 << 48}, strings.Repeat("0", 15) + "1"},
		{ID{0, 1<<48 - 1}, strings.Repeat("0", 16)},
		{ID{1, 0}, strings.Repeat("0", 12) + "2" + strings.Repeat("0", 3)},
	} {
		if got := c.id.String(); got != c.want {
			t.Errorf("%x prints as %s, want %s", c.id, got, c.want)
		}
	}
}

func TestOtherTextsAreNoIDs(t *testing.T) {
	for _, text := range []string{"", "0", strings.Repeat("0", 17), strings.Repeat("w", 16), strings.Repeat("A", 16), "000000000000000 "} {
		if id, ok := ParseID(text); ok {
			t.Errorf("%q is read as %s", text, id)
		}
	}
}

// Written tables of former days hold these: they may not change.
func TestIDsNeverChange(t *testing.T) {
	var h IDHasher
	line := LineID(&h, TradeBill, WeChat, []byte("1600123456"), []byte("4200002"), nil, []byte("SUCCESS"))
	event := h.Start("event").Code(1).Text(nil).Text([]byte("S20240912")).ID()
	pair := h.Start("match").Identity(line).Identity(event).ID()
	for _, c := range []struct {
		name string
		id   ID
		want string
	}{
		{"line", line, "cksjk3subug6fu3k"}, {"event", event, "n2orf5vatu7usbib"}, {"match", pair, "l01hg1ae5bgb0ije"},
	} {
		if c.id.String() != c.want {
			t.Errorf("%s: %s, want %s", c.name, c.id, c.want)
		}
	}
}

func TestLinesOfOneFamilyShareTheirIdentity(t *testing.T) {
	var h IDHasher
	id := func(kind StatementKind) ID { return LineID(&h, kind, WeChat, []byte("1600123456"), []byte("4200002")) }
	if id(TradeBill) != id(TradeBillSuccess) || id(TradeBill) != id(TradeBillRefund) {
		t.Error("ALL, SUCCESS and REFUND give one line several identities")
	}
	if id(TradeBill) == id(TradeSummary) {
		t.Error("two families share an identity")
	}
}

func TestPartsOfAnIDCannotRunIntoEachOther(t *testing.T) {
	parts := rapid.SliceOfN(rapid.StringMatching(`[a\x00\x01]{0,4}`), 0, 4)
	rapid.Check(t, func(t *rapid.T) {
		a, b := parts.Draw(t, "a"), parts.Draw(t, "b")
		var h IDHasher
		id := func(parts []string) ID {
			h.Start("line")
			for _, p := range parts {
				h.Text([]byte(p))
			}
			return h.ID()
		}
		if same := id(a) == id(b); same != slices.Equal(a, b) {
			t.Fatalf("%q and %q: same = %v", a, b, same)
		}
	})
}
