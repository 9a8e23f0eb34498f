package main

import (
	"context"
	"errors"

	"reconcile/output"
	"reconcile/pipeline"
)

// The exit codes are a contract with the scripts that call the program.
const (
	exitDone        = 0
	exitFailed      = 1 // internal or I/O failure, nothing committed unless the message says that the new result stands
	exitUsage       = 2 // usage or configuration
	exitBreaks      = 3 // done, with breaks
	exitRefused     = 4 // an input was refused, the run is incomplete
	exitNotYet      = 5 // a bill is not there yet
	exitLocked      = 6 // another run holds the lock
	exitInterrupted = 130
)

// outcome is what a command's work came to where it did not fail.
type outcome struct {
	refused bool // an input was refused
	noBill  bool // no statement of a wallet was there
	breaks  bool // there are breaks, and the caller did not say that this is fine
}

// add joins what another piece of the work came to.
func (o *outcome) add(other outcome) {
	o.refused = o.refused || other.refused
	o.noBill = o.noBill || other.noBill
	o.breaks = o.breaks || other.breaks
}

// usageError is a fault of the command line or the configuration.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

// usage marks err as one of usage; nil stays nil.
func usage(err error) error {
	if err == nil {
		return nil
	}
	return usageError{err}
}

// exitCode is the one place where errors and results become an exit code.
func exitCode(ctx context.Context, err error, o outcome) int {
	var bad usageError
	switch {
	case err != nil && ctx.Err() != nil:
		return exitInterrupted
	case errors.As(err, &bad), errors.Is(err, output.ErrForeign), errors.Is(err, pipeline.ErrClosed):
		return exitUsage
	case errors.Is(err, output.ErrLocked):
		return exitLocked
	case err != nil:
		return exitFailed
	case o.refused:
		return exitRefused
	case o.noBill:
		return exitNotYet
	case o.breaks:
		return exitBreaks
	}
	return exitDone
}

// exitCodes is the part of a command's help that says what its exit codes mean.
func exitCodes(lines string) string {
	return "\n\nExit codes:\n" + lines
}
