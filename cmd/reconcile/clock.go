package main

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"reconcile/settlement"
)

// withClock adds the flag that replays nights: what is late depends on the time.
func withClock(cmd *cobra.Command, to *string) {
	cmd.Flags().StringVar(to, "now", "", "what time it is taken to be, such as 2024-09-13T09:30 in Asia/Shanghai: to replay nights (default: the clock)")
}

// clockAt is a clock that stands at the time of the flag, the machine's where it is "".
func clockAt(text string) (func() time.Time, error) {
	if text == "" {
		return time.Now, nil
	}
	at, err := time.ParseInLocation("2006-01-02T15:04", text, settlement.Shanghai)
	if err != nil {
		return nil, usage(fmt.Errorf("--now %q: not a time such as 2024-09-13T09:30", text))
	}
	return func() time.Time { return at }, nil
}
