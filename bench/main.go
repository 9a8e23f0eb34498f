package main

import (
	"flag"
	"fmt"
	"os"

	"reconcile/generate"
)

func main() {
	fs := flag.NewFlagSet("data", flag.ExitOnError)
	orders := fs.Int("orders", 10000, "")
	seed := fs.Uint64("seed", 1, "")
	dir := fs.String("dir", "", "")
	fs.Parse(os.Args[2:])
	o := generate.Defaults()
	o.Orders, o.Seed = *orders, *seed
	d, err := generateDay(*dir, o)
	fmt.Printf("%+v %v\n", d, err)
}
