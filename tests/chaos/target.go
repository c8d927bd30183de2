package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"sync"
	"time"
)

// One berth on one processor, which is to be overloaded and attacked.
type target struct {
	process      *exec.Cmd
	webhook, ops string
}

func (p *plan) target() (*target, error) {
	path := filepath.Join(p.directory, "target.log")
	log, err := os.Create(path)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	process := exec.Command("taskset", "-c", "0", p.berth, "serve", "--listen", "127.0.0.1:0", "--ops-listen", "127.0.0.1:0")
	process.Stdout, process.Stderr = log, log
	if err := process.Start(); err != nil {
		return nil, err
	}
	t := &target{process: process}
	said := regexp.MustCompile(`serving webhook=(\S+) ops=(\S+)`)
	return t, await("berth to serve", func() bool {
		text, _ := os.ReadFile(path)
		if found := said.FindSubmatch(text); found != nil {
			t.webhook, t.ops = string(found[1]), string(found[2])
		}
		return t.ops != ""
	})
}

func (t *target) stop() {
	t.process.Process.Kill()
	t.process.Wait()
}

// What those saw who asked meanwhile: an API server with usual reviews, and kubelet.
type seen struct {
	Answers, Probes figures
	// The most memory that was resident, in MB.
	Memory float64
}

// A process that asks, so that it does not wait for its turn behind the goroutines of an attack.
type witness struct {
	process *exec.Cmd
	end     io.Closer
	said    bytes.Buffer
}

// Starts to ask, twenty times a second each. It goes before the attack where the system lets it.
func (t *target) witness() (*witness, error) {
	own, err := os.Executable()
	if err != nil {
		return nil, err
	}
	w := &witness{process: exec.Command("nice", "-n", "-10", own, "witness", t.webhook, t.ops, fmt.Sprint(t.process.Process.Pid))}
	w.process.Stdout = &w.said
	if w.end, err = w.process.StdinPipe(); err != nil {
		return nil, err
	}
	return w, w.process.Start()
}

// Ends it, and returns what it has seen.
func (w *witness) stop() (*seen, error) {
	w.end.Close()
	if err := w.process.Wait(); err != nil {
		return nil, err
	}
	seen := &seen{}
	return seen, json.Unmarshal(w.said.Bytes(), seen)
}

// Asks until the standard input ends, and prints what it has seen.
func bearWitness(webhook, ops, process string) {
	seen := &seen{}
	var asking sync.WaitGroup
	over := make(chan struct{})
	every := func(interval time.Duration, look func()) {
		asking.Go(func() {
			for ticker := time.NewTicker(interval); ; {
				select {
				case <-over:
					return
				case <-ticker.C:
					look()
				}
			}
		})
	}
	api := &callers{address: webhook, request: post("/mutate", review(pod))}
	every(50*time.Millisecond, api.ask)
	client := http.Client{Timeout: timeOut, Transport: &http.Transport{DisableKeepAlives: true}}
	every(50*time.Millisecond, func() {
		begun := time.Now()
		answer, err := client.Get("http://" + ops + "/livez")
		if err == nil {
			io.Copy(io.Discard, answer.Body)
			answer.Body.Close()
		}
		seen.Probes.add(time.Since(begun), err == nil && answer.StatusCode == 200)
	})
	every(20*time.Millisecond, func() { seen.Memory = max(seen.Memory, resident(process)) })
	io.Copy(io.Discard, os.Stdin)
	close(over)
	asking.Wait()
	seen.Answers.Times = api.answered.Times
	seen.Answers.Failed = int64(api.refused.count() + api.closed.count() + api.late.count())
	json.NewEncoder(os.Stdout).Encode(seen)
}

// Returns the memory of a process that is resident now, in MB.
func resident(process string) float64 {
	text, _ := os.ReadFile("/proc/" + process + "/status")
	found := regexp.MustCompile(`VmRSS:\s+(\d+) kB`).FindSubmatch(text)
	if found == nil {
		return 0
	}
	var kilobytes float64
	fmt.Sscan(string(found[1]), &kilobytes)
	return kilobytes / 1024
}

// The times of answers, and the number of failures.
type figures struct {
	mutex  sync.Mutex
	Times  []time.Duration
	Failed int64
}

func (f *figures) add(took time.Duration, answered bool) {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	if answered {
		f.Times = append(f.Times, took)
	} else {
		f.Failed++
	}
}

func (f *figures) count() int { return len(f.Times) }

// Returns how many were answered, of how many.
func (f *figures) of() string { return fmt.Sprintf("%d of %d", f.count(), f.count()+int(f.Failed)) }

func (f *figures) at(share float64) time.Duration {
	if len(f.Times) == 0 {
		return 0
	}
	slices.Sort(f.Times)
	return f.Times[min(len(f.Times)-1, int(float64(len(f.Times))*share))]
}

func (f *figures) p50() time.Duration  { return f.at(0.5) }
func (f *figures) p99() time.Duration  { return f.at(0.99) }
func (f *figures) most() time.Duration { return f.at(1) }

func short(d time.Duration) string {
	if d < 10*time.Millisecond {
		return d.Round(100 * time.Microsecond).String()
	}
	return d.Round(time.Millisecond).String()
}
