package generate

import "reconcile/settlement"

const (
	daySeconds = 24 * 60 * 60

	// Nothing but what is planted for the cut-off happens near midnight.
	firstSecond  = 45 * 60
	lastPayment  = 22*3600 + 30*60
	lastRefunded = 21*3600 + 30*60 // the last payment that is refunded the same day
	lastRefund   = 22*3600 + 45*60

	// lastOfDay is later than all of the above.
	latestPayment = 23*3600 + 5*60
	latestRefund  = 23*3600 + 10*60

	// The cut-off window of a run is 30 minutes.
	cutOffSeconds = 28 * 60
)

// saleHours is how many of a thousand sales each hour has: a lunch hill and an
// evening peak.
var saleHours = [24]int{14, 8, 5, 3, 3, 5, 11, 22, 36, 48, 56, 58, 60, 54, 48, 48, 50, 54, 62, 76, 92, 96, 65, 26}

// hourQuantiles spreads saleHours over 1024 equal draws.
func hourQuantiles() (hours [1024]uint8) {
	hour, upTo := 0, saleHours[0]
	for i := range hours {
		for i*1000/len(hours) >= upTo && hour < 23 {
			hour++
			upTo += saleHours[hour]
		}
		hours[i] = uint8(hour)
	}
	return hours
}

// moment draws a second of the day in [firstSecond, last).
func (m *maker) moment(last int) int {
	u := m.rng.Uint32()
	at := int(m.hours[u&1023])*3600 + int(u>>10)%3600
	if at < firstSecond || at >= last {
		at = 10*3600 + int(u>>10)%(8*3600)
	}
	return at
}

// later draws a second after at and before lastRefund, at most half of the way.
func (m *maker) later(at int) int { return at + 60 + m.rng.IntN((lastRefund-at)/2) }

// magnitudes is how many of a hundred amounts lie in [10^i, 10^(i+1)) fen.
var magnitudes = [...]int{1, 2, 13, 36, 34, 12, 2}

// amount draws a price of at least least fen, up to tens of thousands of yuan:
// about equally many in each part of its magnitude, and as shops price.
func (m *maker) amount(least settlement.Amount) settlement.Amount {
	u := m.rng.Uint64()
	share, low := int(u%100), settlement.Amount(1)
	for _, weight := range magnitudes {
		if share < weight {
			break
		}
		share -= weight
		low *= 10
	}
	high := min(10*low, 6_000_000)
	a := low + settlement.Amount((u>>8)%uint64(high-low))
	if low >= 1000 {
		switch u >> 60 {
		case 0, 1, 2, 3:
			a -= a % 100 // 128.00
		case 4, 5:
			a = a - a%100 + 90
		case 6, 7:
			a = a - a%1000 + 990
		}
	}
	if a < least {
		a += least
	}
	return a
}

// between draws an amount in [low, high].
func (m *maker) between(low, high settlement.Amount) settlement.Amount {
	return low + settlement.Amount(m.rng.Uint64N(uint64(high-low+1)))
}

func (m *maker) chance(r settlement.Rate) bool { return m.rng.Uint32N(1_000_000) < uint32(r) }

// oneOf draws one of the values.
func oneOf[T any](m *maker, values ...T) T { return values[m.rng.IntN(len(values))] }

// drawShop prefers the first shops: half of the sales fall to an eighth of them.
func (m *maker) drawShop() *shop {
	u := m.rng.Uint64() >> 44 // 20 bits
	return &m.shops[u*u*u>>40*uint64(len(m.shops))>>20]
}
