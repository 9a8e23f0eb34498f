//go:build !linux

package output

import "errors"

// exchange is known on Linux alone.
func exchange(a, b string) error { return errors.ErrUnsupported }
