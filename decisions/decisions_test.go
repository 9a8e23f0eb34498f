package decisions

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestDecisionsThatCannotBeUsedAreToldWithTheirPlaces(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"nothing":           {"", "the file is empty"},
		"a missing column":  {"break_id,decision,who\n", "decisions.csv:1: the column when is missing"},
		"a field too many":  {"break_id,decision,who,when\na,b,c,d,e\n", "decisions.csv:2: 5 fields where the header has 4"},
		"no identity":       {"break_id,decision,who,when\nA1,accept,Li,2024-09-13 09:00:00\n", `decisions.csv:2: break_id: "A1" is no identity`},
		"an unknown word":   {"break_id,decision,who,when\n0000000000000000,ok,Li,2024-09-13 09:00:00\n", `decision: "ok" is none of accept, write_off, explain, assign`},
		"nobody":            {"break_id,decision,who,when\n0000000000000000,accept,,2024-09-13 09:00:00\n", "who: nobody is named"},
		"no time":           {"break_id,decision,who,when\n0000000000000000,accept,Li,yesterday\n", `when: "yesterday"`},
		"nobody to look":    {"break_id,decision,who,when\n0000000000000000,assign,Li,2024-09-13 09:00:00\n", "assignee: nobody is named to look after"},
		"no explanation":    {"break_id,decision,who,when\n0000000000000000,explain,Li,2024-09-13 09:00:00\n", "note: there is no explanation"},
		"a quote left open": {"break_id,decision,who,when\n\"0000000000000000,accept,Li,2024-09-13 09:00:00\n", "quote"},
		"the second of two": {"break_id,decision,who,when\n0000000000000000,accept,Li,2024-09-13 09:00:00\n0000000000000000,no,Li,2024-09-13 09:00:00\n", "decisions.csv:3:"},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "decisions.csv")
			if err := os.WriteFile(path, []byte(c.text), 0o644); err != nil {
				t.Fatal(err)
			}
			_, err := Read(path)
			if !errors.Is(err, ErrUnusable) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v, want %q", err, c.want)
			}
		})
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte("break_id,decision,who,when,note,assignee\n0000000000000000,accept,Li,2024-09-13 09:00:00,,\n"))
	f.Add([]byte("\ufeffbreak_id,decision,who,when\r\n\"0000000000000000\",write_off,Li,2024-09-13 09:00:00\r\n"))
	f.Add([]byte("break_id,decision\n\""))
	f.Fuzz(func(t *testing.T, text []byte) {
		path := filepath.Join(t.TempDir(), "decisions.csv")
		if err := os.WriteFile(path, text, 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := Read(path); err != nil && !errors.Is(err, ErrUnusable) {
			t.Fatal(err)
		}
	})
}
