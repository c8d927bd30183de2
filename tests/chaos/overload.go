package main

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// The most admissions that wait at once: two API servers that let 200 changes in each.
const letIn = 400

// Callers that keep the connections which stay open.
type callers struct {
	address string
	request []byte
	mutex   sync.Mutex
	idle    []*caller
	// The answers with a 200, those with a 503, and the closes and time-outs, each with its time.
	answered, refused, closed, late figures
}

// Asks once, on a connection that is idle or on a new one.
func (c *callers) ask() {
	begun := time.Now()
	c.mutex.Lock()
	var caller *caller
	if last := len(c.idle) - 1; last >= 0 {
		caller, c.idle = c.idle[last], c.idle[:last]
	}
	c.mutex.Unlock()
	var err error
	if caller == nil {
		if caller, err = call(c.address, "127.0.0.1"); err != nil {
			c.fail(begun, err)
			return
		}
	}
	status, stays, err := caller.ask(c.request)
	switch took := time.Since(begun); {
	case err != nil:
		c.fail(begun, err)
	case status == 200:
		c.answered.add(took, true)
	default:
		c.refused.add(took, true)
	}
	if !stays {
		caller.close()
		return
	}
	c.mutex.Lock()
	c.idle = append(c.idle, caller)
	c.mutex.Unlock()
}

func (c *callers) fail(begun time.Time, err error) {
	took := time.Since(begun)
	if took >= timeOut || strings.Contains(err.Error(), "timeout") {
		c.late.add(took, true)
	} else {
		c.closed.add(took, true)
	}
}

// Asks so often a second, whatever becomes of it, as long as not too many wait already.
func (c *callers) storm(perSecond float64, lasting time.Duration) {
	const step = 2 * time.Millisecond
	var open atomic.Int64
	var running sync.WaitGroup
	begun, sent := time.Now(), 0.0
	for ticker := time.NewTicker(step); time.Since(begun) < lasting; <-ticker.C {
		for due := time.Since(begun).Seconds() * perSecond; sent < due; sent++ {
			if open.Load() >= letIn {
				sent = due
				break
			}
			open.Add(1)
			running.Go(func() {
				c.ask()
				open.Add(-1)
			})
		}
	}
	running.Wait()
}

// Asks without a pause from so many callers.
func (c *callers) press(count int, lasting time.Duration) {
	ctx, cancel := context.WithTimeout(context.Background(), lasting)
	defer cancel()
	var running sync.WaitGroup
	for range count {
		running.Go(func() {
			for ctx.Err() == nil {
				c.ask()
			}
		})
	}
	running.Wait()
}

// Overloads berth with usual and with large reviews, and prints a table. The refusal of a usual review costs as much as its
// answer, and more of them than berth answers are more than another processor can send: those come from callers that do not
// pause, as many as two API servers let in.
func (p *plan) overload() ([]verdict, error) {
	fmt.Println("\n| reviews | one after another: p99 | most a second | asked for | answered: p50, p99 | in the first second: p99 | 503: p99 " +
		"| closed | late | usual reviews beside: answered, p99 | `/livez`: p99 | memory | as quick again after |")
	fmt.Println("|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|")
	usual, err := p.overloadWith("usual", post("/mutate", review(pod)), func(c *callers, _ float64, lasting time.Duration) {
		c.press(letIn, lasting)
	})
	if err != nil {
		return nil, err
	}
	large, err := p.overloadWith("large", post("/validate", review(largePod())), func(c *callers, most float64, lasting time.Duration) {
		c.storm(10*most, lasting)
	})
	return []verdict{usual, large}, err
}

func (p *plan) overloadWith(name string, request []byte, load func(*callers, float64, time.Duration)) (verdict, error) {
	t, err := p.target()
	if err != nil {
		return verdict{}, err
	}
	defer t.stop()
	start := func() *callers { return &callers{address: t.webhook, request: request} }
	quiet, full, first, loaded := start(), start(), start(), start()
	quiet.press(1, p.span/10)
	full.press(8, p.span/10)
	most := float64(full.answered.count()) / (p.span / 10).Seconds()
	w, err := t.witness()
	if err != nil {
		return verdict{}, err
	}
	// An overload begins as a burst, in which berth makes everybody wait for a moment.
	load(first, most, time.Second)
	loaded.idle = first.idle
	begun := time.Now()
	load(loaded, most, p.span)
	lasted := time.Since(begun).Seconds()
	again := t.recover(start(), 2*quiet.answered.p99())
	seen, err := w.stop()
	if err != nil {
		return verdict{}, err
	}
	perSecond := func(f *figures) float64 { return float64(f.count()) / lasted }
	asked := perSecond(&loaded.answered) + perSecond(&loaded.refused) + perSecond(&loaded.closed) + perSecond(&loaded.late)
	fmt.Printf("| %s | %s | %.0f | %.0f | %.0f: %s, %s | %s | %.0f: %s | %.0f | %.0f | %s, %s | %s | %.0f MB | %s |\n",
		name, short(quiet.answered.p99()), most, asked, perSecond(&loaded.answered), short(loaded.answered.p50()),
		short(loaded.answered.p99()), short(first.answered.p99()), perSecond(&loaded.refused), short(loaded.refused.p99()),
		perSecond(&loaded.closed), perSecond(&loaded.late), seen.Answers.of(), short(seen.Answers.p99()), short(seen.Probes.p99()), seen.Memory, short(again))
	err = seen.check()
	if again > time.Second {
		err = fmt.Errorf("as quick again after %s", again)
	}
	return verdict{name: "overload with " + name + " reviews", err: err}, nil
}

// Asks until an answer comes within a time, and returns how long that took.
func (t *target) recover(c *callers, within time.Duration) time.Duration {
	begun := time.Now()
	for time.Since(begun) < 10*time.Second {
		before := time.Now()
		if c.ask(); c.answered.count() > 0 && time.Since(before) < within {
			break
		}
	}
	return time.Since(begun)
}

// What a test found, and nil if all was well; or why nothing can be said.
type verdict struct {
	name   string
	err    error
	excuse string
}

// The memory limit of the Deployment, in MB.
const memoryLimit = 160

// Says what is wrong with what the witness saw.
func (s *seen) check() error {
	switch {
	case s.Memory > memoryLimit:
		return fmt.Errorf("%.0f MB of memory", s.Memory)
	case s.Probes.count() == 0 || s.Probes.Failed > 0:
		return fmt.Errorf("/livez: %s", s.Probes.of())
	case s.Answers.count() == 0 || s.Answers.Failed > 0:
		return fmt.Errorf("good clients: %s", s.Answers.of())
	}
	return nil
}
