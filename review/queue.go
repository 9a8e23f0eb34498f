package review

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"slices"
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

	search string // all numbers and names, in lower case
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
	q.Wallets, q.Accounts, q.Shops = words(wallets), words(accounts), words(shops)
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

func words(set map[string]bool) (list []string) {
	for word := range set {
		if word != "" {
			list = append(list, word)
		}
	}
	slices.Sort(list)
	return list
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

// find goes through all rows in the order that is asked for; each gets its state by said.
func (q *queue) find(f *filter, said *said) (out found, err error) {
	order := q.orders[f.Sort]
	first := (f.Page - 1) * f.Size
	for n := range order {
		i := n
		if f.Reverse {
			i = len(order) - 1 - n
		}
		r := &q.rows[order[i]]
		if !f.fits(r, said) {
			continue
		}
		if out.Count >= first && len(out.Rows) < f.Size {
			out.Rows = append(out.Rows, r)
		}
		if err := out.add(r); err != nil {
			return out, err
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
	order := q.orders[f.Sort]
	passed := false
	for n := range order {
		i := n
		if f.Reverse {
			i = len(order) - 1 - n
		}
		r := &q.rows[order[i]]
		switch {
		case r == of:
			passed = true
		case !f.fits(r, said):
		case !passed:
			before = r
		default:
			return before, r
		}
	}
	return before, nil
}

// digest identifies a set of breaks, whatever their order.
func digest(rows []*row) string {
	ids := make([]string, len(rows))
	for i, r := range rows {
		ids[i] = r.ID.String()
	}
	slices.Sort(ids)
	h := sha256.New()
	for _, id := range ids {
		h.Write([]byte(id)) // of 16 characters each
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

func sha256Of(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}
