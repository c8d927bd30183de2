package main

import (
	"fmt"
	"log"
	"maps"
	"slices"
	"time"
)

// The failures that a thing may cause.
type failures int

const (
	none failures = iota
	some
)

// A row of the table: a thing that happened, and the fate of the admissions meanwhile.
type row struct {
	name                               string
	replicas, times                    int
	allowed                            failures
	admissions, answered, failed, lost int64
	longest, late                      time.Duration
}

// A timer that is later than this shows a machine that was too busy to tell the failures of berth from its own.
const tooLate = 50 * time.Millisecond

func newRow(name string, replicas, times int, allowed failures, t *tally) row {
	row := row{
		name: name, replicas: replicas, times: times, allowed: allowed,
		admissions: t.admissions(), answered: t.answered.Load(), failed: t.failed.Load(), lost: t.lost.Load(),
		longest: t.longest, late: t.late,
	}
	log.Printf("%d replicas, %s: %d admissions, %d failed open, %d lost, timers up to %s late",
		replicas, name, row.admissions, row.failed, row.lost, row.late.Round(time.Millisecond))
	for _, cause := range slices.Sorted(maps.Keys(t.causes)) {
		log.Printf("  %d: %s", t.causes[cause], cause)
	}
	return row
}

// Returns what the row shows.
func (r row) verdict() verdict {
	return verdict{fmt.Sprintf("%d replicas, %s", r.replicas, r.name), r.check(), r.excuse()}
}

// Says what is wrong with the row.
func (r row) check() error {
	switch {
	case r.admissions == 0:
		return fmt.Errorf("no admission")
	case r.lost > 0:
		return fmt.Errorf("%d lost", r.lost)
	case r.allowed == none && r.failed > 0:
		return fmt.Errorf("%d failed open", r.failed)
	}
	return nil
}

// Says what kept the row from being judged.
func (r row) excuse() string {
	if r.late < tooLate || r.check() == nil {
		return ""
	}
	return fmt.Sprintf("the chaos test of %d replicas, %s, since the machine was too busy: a timer was %s late",
		r.replicas, r.name, r.late.Round(time.Millisecond))
}

func printTable(rows []row) {
	fmt.Println("| happened | replicas | times | admissions | with a placement | failed open | lost | longest |")
	fmt.Println("|---|--:|--:|--:|--:|--:|--:|--:|")
	for _, r := range rows {
		fmt.Printf("| %s | %d | %d | %d | %d | %d | %d | %s |\n", r.name, r.replicas, r.times, r.admissions, r.answered, r.failed,
			r.lost, r.longest.Round(time.Millisecond))
	}
}
