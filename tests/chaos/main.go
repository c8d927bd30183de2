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
	var plan plan
	flag.StringVar(&plan.berth, "berth", "", "the `program` under test")
	flag.StringVar(&plan.clock, "clock", "", "a `library` that shifts a program's clock by the seconds in CLOCK_OFFSET")
	flag.BoolVar(&plan.long, "long", false, "a hundred restarts and rotations in place of a few")
	flag.BoolVar(&plan.namespaces, "namespaces", false, "a network namespace for each node; else all are on the loopback")
	flag.Parse()

	var err error
	if plan.directory, err = os.MkdirTemp("", "chaos"); err != nil {
		log.Fatal(err)
	}
	begun := time.Now()
	rows, err := plan.rollouts()
	printTable(rows)
	fmt.Printf("\nAdmissions failed for up to %s after a vanished node had lost its endpoint. All took %s.\n",
		plan.late.Round(10*time.Millisecond), time.Since(begun).Round(time.Second))
	if err != nil {
		log.Fatalf("failed, with the logs in %s: %v", plan.directory, err)
	}
	passed, failed := 0, 0
	for _, row := range rows {
		if excuse := row.excuse(); excuse != "" {
			fmt.Printf("not run: %s\n", excuse)
		} else if err := row.check(); err != nil {
			log.Printf("%d replicas, %s: %v", row.replicas, row.name, err)
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
	fmt.Printf("chaos: %d passed, %d failed\n", passed, failed)
	if failed > 0 {
		os.Exit(1)
	}
}
