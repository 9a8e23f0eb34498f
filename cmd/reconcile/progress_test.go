package main

import (
	"bytes"
	"strings"
	"testing"

	"reconcile/pipeline"
	"reconcile/settlement"
)

// TestProgressFitsATerminal: a line that is wider is not drawn over, and fills the screen.
func TestProgressFitsATerminal(t *testing.T) {
	for _, tongue := range []language{english, chinese} {
		for _, width := range []int{narrowest, 50, 59, 60, 80} {
			for _, of := range []settlement.Day{settlement.NoDay, settlement.Day(20000)} {
				for stage := range stageNames {
					var drawn bytes.Buffer
					a := &app{language: tongue, toErr: screen{width: width}}
					a.streams = streams{&drawn, &drawn}
					p := a.progressOf(of)
					switch stage {
					case pipeline.StageIngest:
						p.took(1234567890, 2345678901)
					case stageGenerate:
						p.orders(1, 3, 123456789)
					default:
						p.report(stage, 123, 456)
					}
					text := drawn.String()
					if !strings.Contains(text, "%") {
						t.Fatalf("nothing was drawn: %q", text)
					}
					// Rates are of the first instant here, and longer than they ever are.
					for line := range strings.SplitSeq(text, "\r") {
						if w := cellWidth(line); w > width && (width < roomForRates || stage != pipeline.StageIngest && stage != stageGenerate) {
							t.Errorf("%v, %d columns, stage %s: %d cells: %q", tongue, width, stage, w, line)
						}
					}
				}
			}
		}
	}
}

// TestProgressCountsEveryStepOfARun: the report is one.
func TestProgressCountsEveryStepOfARun(t *testing.T) {
	p := &progress{app: &app{language: english, toErr: screen{width: pageWidth}}}
	for stage, want := range map[pipeline.Stage]string{pipeline.StageIngest: "1/5", pipeline.StageProve: "3/5", pipeline.StageReport: "4/5", pipeline.StageCommit: "5/5"} {
		if got := p.describe(stage); !strings.HasSuffix(got, want) {
			t.Errorf("%s is called %q, want %s", stage, got, want)
		}
	}
}
