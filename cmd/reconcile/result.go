package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"reconcile/output"
)

// readResult reads what the run says of the result in dir.
func readResult(dir string) (*output.Manifest, error) {
	m, err := output.ReadManifest(dir)
	if errors.Is(err, os.ErrNotExist) {
		return nil, usage(fmt.Errorf("%s holds no result: there is no %s (name the folder of a result, or make one with reconcile run)",
			filepath.Clean(dir), output.ManifestName))
	}
	return m, err
}
