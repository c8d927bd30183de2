// Chaos: replicas of berth, called as the API server calls a webhook, while they are restarted, killed, cut off and given new
// certificates. Each admission is counted: answered with its placement, failed open, or lost.
//
// It takes network namespaces for the nodes, which `run` prepares, and prints a table in Markdown.
package main

import (
	"flag"
	"fmt"
	"log"
	"os"
	"time"
)

func main() {
	log.SetFlags(log.Ltime)
	if len(os.Args) == 5 && os.Args[1] == "witness" {
		bearWitness(os.Args[2], os.Args[3], os.Args[4])
		return
	}
	var plan plan
	flag.StringVar(&plan.berth, "berth", "", "the `program` under test")
	flag.StringVar(&plan.clock, "clock", "", "a `library` that shifts a program's clock by the seconds in CLOCK_OFFSET")
	flag.BoolVar(&plan.long, "long", false, "a hundred restarts and rotations in place of a few, or a minute of overload")
	flag.BoolVar(&plan.namespaces, "namespaces", false, "a network namespace for each node; else all are on the loopback")
	flag.Usage = func() {
		fmt.Fprintln(os.Stderr, "Usage: chaos [FLAGS] rollouts|overload|attacks [PART OF A NAME]")
		flag.PrintDefaults()
	}
	flag.Parse()
	plan.only = flag.Arg(1)
	plan.span, plan.siege = 10*time.Second, 5*time.Second
	if plan.long {
		plan.span, plan.siege = time.Minute, 10*time.Second
	}

	var err error
	if plan.directory, err = os.MkdirTemp("", "chaos"); err != nil {
		log.Fatal(err)
	}
	run := map[string]func() ([]verdict, error){"rollouts": plan.rollouts, "overload": plan.overload, "attacks": plan.attacks}[flag.Arg(0)]
	if run == nil {
		flag.Usage()
		os.Exit(64)
	}
	begun := time.Now()
	verdicts, err := run()
	fmt.Printf("\nIt took %s.\n", time.Since(begun).Round(time.Second))
	if err != nil {
		log.Fatalf("failed, with the logs in %s: %v", plan.directory, err)
	}
	passed, failed := 0, 0
	for _, verdict := range verdicts {
		if verdict.excuse != "" {
			fmt.Printf("not run: %s\n", verdict.excuse)
		} else if verdict.err != nil {
			log.Printf("%s: %v", verdict.name, verdict.err)
			failed++
		} else {
			passed++
		}
	}
	if failed > 0 {
		log.Printf("the logs are in %s", plan.directory)
	} else {
		os.RemoveAll(plan.directory)
	}
	fmt.Printf("chaos %s: %d passed, %d failed\n", flag.Arg(0), passed, failed)
	if failed > 0 {
		os.Exit(1)
	}
}
