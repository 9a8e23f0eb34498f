package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"reconcile/output"
	"reconcile/pipeline"
)

// resultDirs is the folder of a result, or the days of a dataset in their order.
func resultDirs(dir string) ([]string, error) {
	newest, _, err := readResult(dir)
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

// readResult finds the result in dir, or where dir is a dataset the one of its newest
// day, and reads what the run says of it.
func readResult(dir string) (string, *output.Manifest, error) {
	dir, err := resultDir(dir)
	if err != nil {
		return dir, nil, err
	}
	m, err := output.ReadManifest(dir)
	if errors.Is(err, os.ErrNotExist) {
		return dir, nil, usage(fmt.Errorf("%s holds no result: there is no %s (name the folder of a result, or make one with reconcile run)",
			filepath.Clean(dir), output.ManifestName))
	}
	return dir, m, err
}
