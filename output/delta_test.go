package output

import (
	"bytes"
	"math"
	"testing"

	"github.com/xitongsys/parquet-go/encoding"
	"pgregory.net/rapid"
)

// readDeltas reads with the second implementation.
func readDeltas(t testing.TB, packed []byte) []int64 {
	t.Helper()
	read, err := encoding.ReadDeltaBinaryPackedINT64(bytes.NewReader(packed))
	if err != nil {
		t.Fatal(err)
	}
	values := make([]int64, len(read))
	for i, v := range read {
		values[i] = v.(int64)
	}
	return values
}

func equalValues(a, b []int64) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

func TestDeltasAreReadByTheOtherImplementation(t *testing.T) {
	long := make([]int64, 1000)
	for i := range long {
		long[i] = int64(i*i%977) * 1_000_003
	}
	for name, values := range map[string][]int64{
		"no value":            {},
		"one value":           {-7},
		"two values":          {3, 1_000_000_000_000},
		"equal values":        {5, 5, 5, 5, 5},
		"a whole block":       long[:deltaBlock+1],
		"one beyond a block":  long[:deltaBlock+2],
		"one short of it":     long[:deltaBlock],
		"many blocks":         long,
		"the ends of 64 bits": {math.MaxInt64, math.MinInt64, 0, math.MinInt64, math.MaxInt64, -1},
		"every width":         widths(),
	} {
		t.Run(name, func(t *testing.T) {
			if got := readDeltas(t, appendDeltas(nil, values)); !equalValues(got, values) {
				t.Errorf("%d values read back differ", len(got))
			}
		})
	}
}

// widths steps by ever larger differences, so that the groups need all widths.
func widths() []int64 {
	var values []int64
	for width := range 63 {
		for i := range deltaBlock {
			values = append(values, int64(i%2)<<width)
		}
	}
	return values
}

func TestAnyDeltasAreReadByTheOtherImplementation(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOfN(rapid.Int64(), 1, 400).Draw(t, "values")
		shift := rapid.IntRange(0, 63).Draw(t, "shift")
		for i := range values {
			values[i] >>= shift
		}
		read, err := encoding.ReadDeltaBinaryPackedINT64(bytes.NewReader(appendDeltas(nil, values)))
		if err != nil || len(read) != len(values) {
			t.Fatalf("%d values, %v", len(read), err)
		}
		for i, v := range read {
			if v.(int64) != values[i] {
				t.Fatalf("value %d: %d instead of %d", i, v, values[i])
			}
		}
	})
}

func TestEqualDeltasHaveAShortcut(t *testing.T) {
	for _, n := range []int{0, 1, 2, deltaBlock, deltaBlock + 1, deltaBlock + 2, 3*deltaBlock + 7} {
		values := make([]int64, n)
		for i := range values {
			values[i] = 20
		}
		if !bytes.Equal(appendSameDeltas(nil, 20, n), appendDeltas(nil, values)) {
			t.Errorf("%d values", n)
		}
	}
}
