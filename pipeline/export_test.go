package pipeline

// SpillFile is an open spill file.
type SpillFile = spillSink

// With returns the job with another size of buckets, in bytes of decoded input, and
// another way to open spill files; 0 and nil leave either as it is.
func (j Job) With(bucketBytes int64, openSpill func(path string) (SpillFile, error)) Job {
	j.bucketBytes = bucketBytes
	if openSpill != nil {
		j.openSpill = openSpill
	}
	return j
}

// OpenSpill opens a spill file as a run does.
func OpenSpill(path string) (SpillFile, error) { return openSpill(path) }
