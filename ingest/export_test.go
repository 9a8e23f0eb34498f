package ingest

import "io"

// Streamed is a delivery whose bytes come from open, as a container's member gives them.
func Streamed(name string, open func() io.ReadCloser) *Delivery {
	return &Delivery{File: name, Size: -1, open: func() (io.ReadCloser, error) { return open(), nil }}
}
