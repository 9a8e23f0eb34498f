package pipeline

import "io"

// With returns the job with another size of buckets, in bytes of decoded input, and
// another way to open spill files; 0 and nil leave either as it is.
func (j Job) With(bucketBytes int64, openSpill func(path string) (io.ReadWriteCloser, error)) Job {
	j.bucketBytes = bucketBytes
	if openSpill != nil {
		j.openSpill = func(path string) (spillSink, error) { return openSpill(path) }
	}
	return j
}

// OpenSpill opens a spill file as a run does.
func OpenSpill(path string) (io.ReadWriteCloser, error) { return openSpill(path) }
