package fees

import (
	"errors"
	"fmt"

	"reconcile/settlement"
)

// HomeWallet says in which wallet the orders of a platform or shop would be paid but
// for the buyer's choice, in [From, Until). Platform or Shop is given, or both.
type HomeWallet struct {
	Platform, Shop string
	Wallet         settlement.Wallet
	From, Until    settlement.Instant // NoInstant leaves a side open
	At             settlement.Position
}

func (h *HomeWallet) end() settlement.Instant {
	r := Rule{Until: h.Until}
	return r.end()
}

func (h *HomeWallet) rank() int {
	return 2*boolInt(h.Shop != "") + boolInt(h.Platform != "")
}

// HomeWallets is a checked list of home wallets.
type HomeWallets struct{ list []HomeWallet }

// defaultHomes are the platforms whose own wallet is known: Taobao and Tmall were
// Alipay's alone until September 2024. Convention.
var defaultHomes = map[string]settlement.Wallet{"taobao": settlement.Alipay, "tmall": settlement.Alipay}

// NewHomeWallets checks a list: two of one platform and shop must not overlap in
// time. The error has every fault.
func NewHomeWallets(list []HomeWallet) (HomeWallets, error) {
	var faults []error
	fault := func(h *HomeWallet, format string, args ...any) {
		text := fmt.Sprintf(format, args...)
		if h.At.File != "" {
			text = h.At.String() + ": " + text
		}
		faults = append(faults, errors.New(text))
	}
	for i := range list {
		h := &list[i]
		if h.Platform == "" && h.Shop == "" {
			fault(h, "a home wallet needs a platform, a shop or both")
		}
		if h.Wallet == settlement.NoWallet {
			fault(h, "home wallet of %s: wallet is missing", h.name())
		}
		if h.From != settlement.NoInstant && h.Until != settlement.NoInstant && h.From >= h.Until {
			fault(h, "home wallet of %s: until %s is not after from %s", h.name(), h.Until, h.From)
		}
		for j := range list[:i] {
			if o := &list[j]; o.Platform == h.Platform && o.Shop == h.Shop && o.From < h.end() && h.From < o.end() {
				where := ""
				if o.At.File != "" {
					where = " (" + o.At.String() + ")"
				}
				fault(h, "home wallet of %s overlaps in time with another%s; end one before the other begins", h.name(), where)
			}
		}
	}
	return HomeWallets{list}, errors.Join(faults...)
}

func (h *HomeWallet) name() string {
	switch {
	case h.Shop == "":
		return "platform " + h.Platform
	case h.Platform == "":
		return "shop " + h.Shop
	}
	return "shop " + h.Shop + " of " + h.Platform
}

// Of returns the home wallet of an order: that of its shop before that of its
// platform, then the default of Taobao and Tmall; NoWallet where none is known.
func (w HomeWallets) Of(platform, shop string, at settlement.Instant) settlement.Wallet {
	best, rank := defaultHomes[platform], 0
	for i := range w.list {
		h := &w.list[i]
		if (h.Platform == "" || h.Platform == platform) && (h.Shop == "" || h.Shop == shop) && h.rank() > rank &&
			at >= h.From && at < h.end() {
			best, rank = h.Wallet, h.rank()
		}
	}
	return best
}
