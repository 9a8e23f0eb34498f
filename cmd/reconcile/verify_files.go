package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"reconcile/output"
	"reconcile/settlement"
)

// readManifest reads run.json, and holds it against itself.
func (v *verification) readManifest() error {
	m, err := output.ReadManifest(v.dir)
	if errors.Is(err, os.ErrNotExist) {
		v.fault(output.ManifestName, "it is missing: no result, or one that is half written")
		return nil
	}
	if err != nil {
		return err
	}
	v.m = m
	held := true
	for _, c := range m.Proof {
		v.equal(output.ManifestName, "the run's own proof: "+c.Name, c.Expected, c.Actual)
		held = held && c.Holds
	}
	v.equal(output.ManifestName, "every check of the run's own proof is marked as held", true, held)
	if len(m.Proof) == 0 {
		v.fault(output.ManifestName, "it has no proof")
	}
	v.equal(output.ManifestName, "complete says that nothing was refused", len(m.Refused) == 0, m.Complete)
	_, err = os.Stat(filepath.Join(v.dir, output.SuccessName))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	v.equal(output.SuccessName, "it is there where the run was complete, and only there", m.Complete, err == nil)
	v.checkTables()
	return nil
}

// checkTables says whether run.json lists each table of this version once, with
// parts at their places.
func (v *verification) checkTables() {
	var names []string
	for _, t := range v.m.Tables {
		names = append(names, t.Name)
		rows := int64(0)
		for _, p := range t.Parts {
			rows += p.Rows
			ok, _ := path.Match(t.Name+"/part-[0-9][0-9][0-9][0-9][0-9].parquet", p.Path)
			if !ok {
				v.fault(output.ManifestName, "table %s lists the part %q, which is no name of a part", t.Name, p.Path)
			}
		}
		v.equal(output.ManifestName, "rows of "+t.Name+" = Σ rows of its parts", t.Rows, rows)
	}
	var want []string
	for _, t := range settlement.Tables {
		if !t.Dated || v.m.Day != nil {
			want = append(want, t.Name)
		}
	}
	slices.Sort(names)
	slices.Sort(want)
	v.equal(output.ManifestName, "tables listed", strings.Join(want, " "), strings.Join(names, " "))
}

// listFiles ties what lies in the folder with what run.json lists: nothing missing,
// nothing added, every file with its bytes and SHA-256.
func (v *verification) listFiles() error {
	checks, err := output.CheckFiles(v.ctx, v.dir, v.m)
	if err != nil {
		return err
	}
	for _, c := range checks {
		if c.Name == "" {
			v.fault(c.Path, "%s", c.Fault)
			continue
		}
		v.equal(c.Path, c.Name, c.Expected, c.Actual)
	}
	return nil
}

func (v *verification) path(name string) string {
	return filepath.Join(v.dir, filepath.FromSlash(name))
}

// bytes is how many all parts have, as run.json lists them.
func (v *verification) bytes() (sum int64) {
	for _, t := range v.m.Tables {
		for _, p := range t.Parts {
			sum += p.Bytes
		}
	}
	return sum
}

// compareValues reads every value of every part with both Parquet implementations.
func (v *verification) compareValues() error {
	var done int64
	for _, t := range v.m.Tables {
		table, _ := settlement.TableNamed(t.Name)
		for _, p := range t.Parts {
			if err := v.ctx.Err(); err != nil {
				return err
			}
			v.bar.bytes(stageCompare, done, v.bytes())
			done += p.Bytes
			rows, err := output.CompareAll(v.path(p.Path), table)
			if err != nil {
				v.faults = append(v.faults, fmt.Errorf("the two Parquet readers disagree: %w", err))
				continue
			}
			v.equal(p.Path, "rows", p.Rows, rows)
			v.values += rows
		}
	}
	return nil
}
