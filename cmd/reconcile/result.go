package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"reconcile/output"
	"reconcile/pipeline"
)

// resultDirs is the folder of a result, or the days of a dataset in their order. Whoever
// reads them asks first whether they are what their runs wrote.
func resultDirs(dir string) ([]string, error) {
	newest, err := resultIn(dir)
	if err != nil || newest == dir {
		return []string{dir}, err
	}
	days, err := pipeline.Days(dir)
	dirs := make([]string, len(days))
	for i, day := range days {
		dirs[i] = pipeline.DayFolder(dir, day)
	}
	return dirs, err
}

// isResult says that a folder holds the run.json of a result.
func isResult(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, output.ManifestName))
	return err == nil
}

// resultIn finds the result in dir, or where dir is a dataset the one of its newest day.
func resultIn(dir string) (string, error) {
	dir, err := resultDir(dir)
	if err != nil {
		return dir, err
	}
	_, err = output.ReadManifest(dir)
	return dir, resultError(dir, err)
}

// readResult finds the result in dir, or where dir is a dataset the one of its newest
// day, and holds what is read of it, all tables where none are named, against what its run
// wrote: nothing is shown of a result that was changed.
func readResult(ctx context.Context, dir string, tables ...string) (string, *output.Manifest, error) {
	dir, err := resultDir(dir)
	if err != nil {
		return dir, nil, err
	}
	m, err := verifiedResult(ctx, dir, tables...)
	return dir, m, err
}

// verifiedResult is the run.json of a result whose tables are what its run wrote.
func verifiedResult(ctx context.Context, dir string, tables ...string) (m *output.Manifest, err error) {
	if len(tables) == 0 {
		m, err = output.Verified(ctx, dir)
	} else {
		m, err = output.VerifiedTables(ctx, dir, tables...)
	}
	return m, resultError(dir, err)
}

// resultError makes an error of usage of that a folder holds no result.
func resultError(dir string, err error) error {
	if errors.Is(err, os.ErrNotExist) || errors.Is(err, output.ErrNoResult) {
		return usage(fmt.Errorf("%s holds no result: there is no %s (name the folder of a result, or make one with reconcile run)",
			filepath.Clean(dir), output.ManifestName))
	}
	return err
}

// verifiedResults proves several results, of which the tables are read.
func verifiedResults(ctx context.Context, dirs []string, tables ...string) error {
	for _, dir := range dirs {
		if _, err := verifiedResult(ctx, dir, tables...); err != nil {
			return err
		}
	}
	return nil
}
