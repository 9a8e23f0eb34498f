package review

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"reconcile/settlement"
)

// row is one break of a day, as the table breaks has it: text where it is no amount.
type row struct {
	ID                                       settlement.ID
	Kind, Wallet, Account, Shop              string
	OrderNo, PaymentNo, RefundNo, ProviderID string
	LineID, EventID                          string
	Expected, Actual, Difference             settlement.Amount // NoAmount where there is none
	FirstSeen, ClosedOn                      string
	Age                                      int32 // in days, −1 where it is not known
	Status                                   string
	Reason, Suggestion, File, Line           string
	// What the run knew of decisions.
	Decision, DecidedBy, DecidedAt, Assignee, Note string
}

// size is the magnitude of the difference, 0 where there is none.
func (r *row) size() settlement.Amount {
	if r.Difference == settlement.NoAmount {
		return 0
	}
	return r.Difference.Abs()
}

// Place is file and line, as far as they are known.
func (r *row) Place() string {
	if r.Line == "" {
		return r.File
	}
	return r.File + ":" + r.Line
}

// queue is the breaks of a day in memory. It is not changed once it is read.
type queue struct {
	rows []row
	at   map[settlement.ID]int32

	// text is all numbers and names of all rows, in lower case, each row's behind a
	// rowMark; begins is where each row's begins. Looking through one text takes a tenth
	// of the time that looking into 100,000 takes.
	text   string
	begins []int

	Kinds, Wallets, Accounts, Shops []string // that occur, in order

	orders map[string][]int32 // the rows in order of a sorting, by its name
}

// index prepares what every page needs.
func (q *queue) index() {
	kinds, wallets, accounts, shops := map[string]bool{}, map[string]bool{}, map[string]bool{}, map[string]bool{}
	for i := range q.rows {
		r := &q.rows[i]
		q.at[r.ID] = int32(i)
		kinds[r.Kind], wallets[r.Wallet], accounts[r.Account], shops[r.Shop] = true, true, true, true
	}
	for _, word := range settlement.BreakWords {
		if kinds[word] {
			q.Kinds = append(q.Kinds, word)
		}
	}
	q.Wallets, q.Accounts, q.Shops = named(wallets), named(accounts), named(shops)
	q.text, q.begins = searchable(q.rows)
	q.orders = map[string][]int32{}
	var all sync.WaitGroup
	var mu sync.Mutex
	for name, compare := range sortings {
		all.Go(func() {
			list := q.sorted(compare)
			mu.Lock()
			defer mu.Unlock()
			q.orders[name] = list
		})
	}
	all.Wait()
}

// named are the names of a set in their order, without the empty one.
func named(set map[string]bool) []string {
	delete(set, "")
	return slices.Sorted(maps.Keys(set))
}

// byID finds a break; nil where the day has none of this identity.
func (q *queue) byID(id settlement.ID) *row {
	if i, ok := q.at[id]; ok {
		return &q.rows[i]
	}
	return nil
}

// sortings are the orders in which breaks can be seen, each with its first direction's
// comparison; rows that compare alike stand by size and identity.
var sortings = map[string]func(a, b *row) int{
	"amount": func(a, b *row) int { return cmp.Compare(b.size(), a.size()) },
	"age":    func(a, b *row) int { return cmp.Compare(b.Age, a.Age) },
	"kind":   func(a, b *row) int { return cmp.Compare(a.Kind, b.Kind) },
	"order":  func(a, b *row) int { return cmp.Compare(a.OrderNo, b.OrderNo) },
	"wallet": func(a, b *row) int {
		return cmp.Or(cmp.Compare(a.Wallet, b.Wallet), cmp.Compare(a.Account, b.Account))
	},
}

// sorted is the rows in order of a sorting.
func (q *queue) sorted(compare func(a, b *row) int) []int32 {
	list := make([]int32, len(q.rows))
	for i := range list {
		list[i] = int32(i)
	}
	slices.SortFunc(list, func(x, y int32) int {
		a, b := &q.rows[x], &q.rows[y]
		return cmp.Or(compare(a, b), cmp.Compare(b.size(), a.size()), cmp.Compare(a.ID.Hi, b.ID.Hi), cmp.Compare(a.ID.Lo, b.ID.Lo))
	})
	return list
}

// found is what a filter selects.
type found struct {
	Count       int
	Short, Over settlement.Amount // Σ of the negative differences, of the positive ones
	Rows        []*row            // of the page that is asked for
}

// Sum is the sum of all differences.
func (f *found) Sum() settlement.Amount { return f.Short + f.Over }

// add counts a row.
func (f *found) add(r *row) error {
	side := &f.Over
	if r.Difference == settlement.NoAmount {
		f.Count++
		return nil
	}
	if r.Difference < 0 {
		side = &f.Short
	}
	var err error
	*side, err = side.Add(r.Difference)
	f.Count++
	return err
}

// rowMark stands before each row's text; nobody can look for it.
const rowMark = "\x00"

func searchable(rows []row) (text string, begins []int) {
	var b strings.Builder
	for i := range rows {
		r := &rows[i]
		begins = append(begins, b.Len())
		b.WriteString(rowMark)
		for _, part := range [...]string{r.OrderNo, r.PaymentNo, r.RefundNo, r.ProviderID, r.ID.String(), r.Assignee, r.Note} {
			b.WriteString(strings.ToLower(part))
			b.WriteByte('\n')
		}
	}
	return b.String(), begins
}

// search finds the rows that have all of the words, in their own text or in what was said of
// them since the run; nil are all rows.
func (q *queue) search(words []string, said *said) (hits map[int32]bool) {
	if len(words) == 0 {
		return nil
	}
	hits = map[int32]bool{}
	has := func(i int32, since string) bool {
		end := len(q.text)
		if int(i)+1 < len(q.begins) {
			end = q.begins[i+1]
		}
		own := q.text[q.begins[i]:end]
		return !slices.ContainsFunc(words, func(word string) bool { return !strings.Contains(own, word) && !strings.Contains(since, word) })
	}
	for id, since := range said.texts {
		if i, ok := q.at[id]; ok && has(i, since) {
			hits[i] = true
		}
	}
	for i, at := 0, 0; i < len(q.rows); i++ {
		next := strings.Index(q.text[at:], words[0])
		if next < 0 {
			break
		}
		// The row in which it was found is the last one that begins before it.
		found, exact := slices.BinarySearch(q.begins[i:], at+next)
		if !exact {
			found--
		}
		i += found
		if has(int32(i), "") {
			hits[int32(i)] = true
		}
		if at = len(q.text); i+1 < len(q.begins) {
			at = q.begins[i+1]
		}
	}
	return hits
}

// fitting says of each row whether a filter selects it. Rows are gone through as they lie in
// memory, which is what takes the time.
func (q *queue) fitting(f *filter, said *said) []bool {
	fits, hits := make([]bool, len(q.rows)), q.search(f.words, said)
	for i := range q.rows {
		fits[i] = (hits == nil || hits[int32(i)]) && f.fits(&q.rows[i], said)
	}
	return fits
}

// find counts and adds up the rows that a filter selects, and returns those of its page.
func (q *queue) find(f *filter, said *said) (out found, err error) {
	fits := q.fitting(f, said)
	for i, is := range fits {
		if is {
			if err := out.add(&q.rows[i]); err != nil {
				return out, err
			}
		}
	}
	order, skip := q.orders[f.Sort], (f.Page-1)*f.Size
	for n := 0; n < len(order) && len(out.Rows) < f.Size; n++ {
		i := order[n]
		if f.Reverse {
			i = order[len(order)-1-n]
		}
		if !fits[i] {
			continue
		}
		if skip--; skip < 0 {
			out.Rows = append(out.Rows, &q.rows[i])
		}
	}
	return out, nil
}

// all are the rows that a filter selects, in its order, whatever the page.
func (q *queue) all(f *filter, said *said) (list []*row) {
	whole := *f
	whole.Page, whole.Size = 1, len(q.rows)
	out, _ := q.find(&whole, said) // of a sum that is too large every row is there still
	return out.Rows
}

// neighbours are the breaks before and behind one in the order of a filter; nil at the ends.
// One that the filter does not select any more has the place that it had.
func (q *queue) neighbours(f *filter, said *said, of *row) (before, behind *row) {
	order, fits := q.orders[f.Sort], q.fitting(f, said)
	passed := false
	for n := range order {
		i := order[n]
		if f.Reverse {
			i = order[len(order)-1-n]
		}
		r := &q.rows[i]
		switch {
		case r == of:
			passed = true
		case !fits[i]:
		case !passed:
			before = r
		default:
			return before, r
		}
	}
	return before, nil
}

// digest identifies a set of breaks as they were seen, whatever their order: which they are,
// what they differ by and how they stand.
func digest(rows []*row) string {
	lines := make([]string, len(rows))
	for i, r := range rows {
		lines[i] = fmt.Sprintf("%s %d %s\n", r.ID, int64(r.Difference), r.Status)
	}
	slices.Sort(lines)
	h := sha256.New()
	for _, line := range lines {
		h.Write([]byte(line))
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}
