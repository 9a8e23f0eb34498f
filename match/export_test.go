package match

import (
	"context"

	"reconcile/settlement"
)

// LeftOfAllGroups is Left that solves every group.
func LeftOfAllGroups(ctx context.Context, rules *Rules, lines *settlement.Lines, events *settlement.Events) (*Leftovers, error) {
	return left(ctx, rules, nil, lines, events, func(*bucket, group) bool { return false })
}
