// Command reconcile proves merchants' settlement files of Alipay and WeChat Pay
// against their orders, to the fen.
//
// One file holds one command; exit.go decides the exit code; words.go has the
// Chinese of what is printed.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

// version is set when the program is built for release.
var version = "dev"

func main() { os.Exit(reconcile()) }

// reconcile runs the command line of this process and returns its exit code.
func reconcile() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	// The first signal ends the work in order; a second one ends the process.
	defer context.AfterFunc(ctx, stop)()
	return execute(ctx, os.Args[1:], streams{os.Stdout, os.Stderr}, os.Getenv)
}
