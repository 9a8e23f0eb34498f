package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"reconcile/output"
)

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
