package pipeline

import (
	"context"
	"runtime"

	"golang.org/x/sync/errgroup"

	"reconcile/ingest"
)

func (r *run) decodedBytes() (sum int64) {
	for i, s := range r.intake.Statements {
		if r.intake.Accepted(int32(i)) {
			sum += max(s.Bytes, s.TextBytes)
		}
	}
	return sum
}

// bucketBytes is how much decoded input a bucket gets.
const bucketBytes = 32 << 20

// bucketCount is the power of two that gives buckets of about so many bytes each. It
// depends on the input alone, never on memory or cores: so do the tables.
func bucketCount(decoded, each int64, most int) int {
	n := 1
	for n < most && int64(n)*each < decoded {
		n *= 2
	}
	return n
}

// likelySize is about how large the deliveries are when decoded; known is false where that
// of one of them cannot be told.
func likelySize(deliveries []*ingest.Delivery) (sum int64, known bool) {
	known = true
	for _, d := range deliveries {
		size, ok := d.LikelySize()
		sum, known = sum+size, known && ok
	}
	return sum, known
}

// bucketParts is the partitions [from, until) that bucket b is made of.
func (r *run) bucketParts(b int) (from, until int) {
	return b * r.partitions / r.buckets, (b + 1) * r.partitions / r.buckets
}

// eachBucket runs work for every bucket on the job's cores, as far as its memory
// reaches.
func (r *run) eachBucket(ctx context.Context, work func(ctx context.Context, b int) error) error {
	return r.each(ctx, r.buckets, func(ctx context.Context, b int) error {
		from, until := r.bucketParts(b)
		leave := r.work.enter(r.lines.bytes(from, until) + r.events.bytes(from, until) + r.funds.bytes(from, until))
		defer leave()
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return work(ctx, b)
	})
}

// workers is how many buckets are at work at a time, at most: as many as there are
// cores, and memory beside the rows that wait.
func (r *run) workers() int {
	return max(min(r.job.Jobs, runtime.GOMAXPROCS(0), bucketsIn(r.job.Memory, r.job.Jobs)), 1)
}

func (r *run) each(ctx context.Context, n int, work func(ctx context.Context, i int) error) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(r.workers())
	for i := range n {
		group.Go(func() error {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			return work(ctx, i)
		})
	}
	return group.Wait()
}
