package main

import (
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// A kind of hostile client. Many of it do the same at once, again and again.
type hostile struct {
	name string
	many int
	// Does it once on a new connection, and returns when that has ended or has been refused.
	once func(stream net.Conn)
	// The port that it attacks, and whether it does the handshake first.
	port   func(t *target) string
	secure bool
}

func webhookOf(t *target) string { return t.webhook }
func opsOf(t *target) string     { return t.ops }

// The address of all hostile clients. The good ones have another, as the API server has.
const hostileAddress = "127.0.0.66"

// The kinds. Each is for the webhook; those that need no handshake are for the ops port too.
func hostiles() []hostile {
	usual := string(post("/mutate", review(pod)))
	head := "POST /mutate HTTP/1.1\r\nHost: berth\r\n"
	json := "Content-Type: application/json\r\n"
	plain := []hostile{
		{name: "10,000 silent connections", many: 10_000, once: waiting},
		{name: "400 heads, a byte a second", many: 400, once: slowly(head+strings.Repeat("a: b\r\n", 1000), 1, time.Second)},
		{name: "400 readers that never read", many: 400, once: neverReading(usual)},
		{name: "heads of 200 KB", many: 16, once: saying(head + "a: " + strings.Repeat("b", 200_000) + "\r\n\r\n")},
		{name: "10,000 header lines", many: 16, once: saying(head + strings.Repeat("a: b\r\n", 10_000) + "\r\n")},
		{name: "a thousand requests at once", many: 16, once: saying(strings.Repeat(usual, 1000))},
		{name: "upgrades, HTTP/2 and nonsense", many: 16, once: saying(
			"GET / HTTP/1.1\r\nHost: berth\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c, websocket\r\nHTTP2-Settings: AAMAAABkAARAAAAA\r\n\r\n",
			"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "CONNECT berth:443 HTTP/1.1\r\nHost: berth\r\n\r\n", strings.Repeat("\x00\xff", 5000))},
	}
	body := []hostile{
		{name: "400 bodies, a byte a second", many: 400, once: slowly(head+json+"Content-Length: 100000\r\n\r\n"+strings.Repeat(" ", 100), 0, time.Second)},
		{name: "16 stalled bodies of 8 MB", many: 16, once: stalling(head + json + "Content-Length: 8000000\r\n\r\n" + strings.Repeat(" ", 7_999_999))},
		{name: "lengths that are too long or too short", many: 16, once: saying(
			head+json+"Content-Length: 99999999999999999999\r\n\r\n{}", head+json+"Content-Length: 2\r\n\r\n"+usual,
			head+json+"Content-Length: -1\r\n\r\n{}", head+json+"Content-Length: 5\r\nContent-Length: 6\r\n\r\n{}",
			head+json+"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n{}", head+json+"Content-Length: 8388608\r\n\r\n{}")},
		{name: "chunks without end", many: 16, once: chunks(head + json + "Transfer-Encoding: chunked\r\n\r\n")},
		{name: "Expect: 100-continue, and no body", many: 400, once: stalling(head + json + "Expect: 100-continue\r\nContent-Length: 1000\r\n\r\n")},
	}
	var all []hostile
	for _, kind := range append(plain, body...) {
		kind.port, kind.secure = webhookOf, kind.name != plain[0].name
		all = append(all, kind)
	}
	all = append(all,
		hostile{name: "10,000 handshakes that stop half-way", many: 10_000, once: stalling(halfHello()), port: webhookOf},
		hostile{name: "server names of every kind", many: 16, once: names, port: webhookOf},
	)
	for _, kind := range plain {
		kind.name, kind.port = "ops port: "+kind.name, opsOf
		all = append(all, kind)
	}
	return all
}

// Waits until the other side closes.
func waiting(stream net.Conn) { io.Copy(io.Discard, stream) }

// Writes texts, one on this connection, and reads all that comes.
func saying(texts ...string) func(net.Conn) {
	var next atomic.Int64
	return func(stream net.Conn) {
		text := texts[int(next.Add(1))%len(texts)]
		go io.WriteString(stream, text)
		io.Copy(io.Discard, stream)
	}
}

// Writes a text and then waits.
func stalling(text string) func(net.Conn) { return saying(text) }

// Writes a text byte by byte. `from` is where that begins; 0 stands for the end of the head.
func slowly(text string, from int, pause time.Duration) func(net.Conn) {
	if from == 0 {
		from = strings.Index(text, "\r\n\r\n") + 4
	}
	return func(stream net.Conn) {
		go func() {
			io.WriteString(stream, text[:from])
			for _, char := range []byte(text[from:]) {
				time.Sleep(pause)
				if _, err := stream.Write([]byte{char}); err != nil {
					return
				}
			}
		}()
		io.Copy(io.Discard, stream)
	}
}

// Writes requests for as long as they are taken, and reads nothing.
func neverReading(request string) func(net.Conn) {
	many := strings.Repeat(request, 100)
	return func(stream net.Conn) {
		for {
			if _, err := io.WriteString(stream, many); err != nil {
				return
			}
		}
	}
}

// Writes chunks until the other side has enough.
func chunks(head string) func(net.Conn) {
	chunk := "10000\r\n" + strings.Repeat(" ", 0x10000) + "\r\n"
	return func(stream net.Conn) {
		go func() {
			_, err := io.WriteString(stream, head)
			for err == nil {
				_, err = io.WriteString(stream, chunk)
			}
		}()
		io.Copy(io.Discard, stream)
	}
}

// Returns half of a TLS client's greeting.
func halfHello() string {
	var greeting recorded
	tls.Client(&greeting, &tls.Config{InsecureSkipVerify: true, ServerName: serverName}).Handshake()
	return string(greeting.written[:len(greeting.written)/2])
}

// A connection that keeps what is written to it, and says nothing.
type recorded struct {
	net.Conn
	written []byte
}

func (r *recorded) Write(data []byte) (int, error) {
	r.written = append(r.written, data...)
	return len(data), nil
}

func (r *recorded) Read([]byte) (int, error) { return 0, io.EOF }
func (r *recorded) Close() error             { return nil }

var nextName atomic.Int64

// Does a handshake for a server name that berth does not have, and asks.
func names(stream net.Conn) {
	names := []string{"", "127.0.0.1", "localhost", "other.example", strings.Repeat("a.", 120) + "b", "*.svc", "xn--nxasmq6b", "berth.berth-system.svc.", "BERTH"}
	config := &tls.Config{InsecureSkipVerify: true, ServerName: names[int(nextName.Add(1))%len(names)]}
	config.MaxVersion = []uint16{tls.VersionTLS12, tls.VersionTLS13, tls.VersionTLS11}[int(nextName.Load())%3]
	secure := tls.Client(stream, config)
	if secure.Handshake() == nil {
		secure.Write([]byte("POST /mutate HTTP/1.1\r\nConnection: close\r\n\r\n"))
		io.Copy(io.Discard, secure)
	}
}

// Lets each kind attack a berth of its own, and prints a table.
func (p *plan) attacks() ([]verdict, error) {
	var verdicts []verdict
	fmt.Println("\n| attack | connections | the longest open | good clients: answered, p99 | /livez: answered, p99 | memory |")
	fmt.Println("|---|--:|--:|--:|--:|--:|")
	for _, kind := range hostiles() {
		if !strings.Contains(kind.name, p.only) {
			continue
		}
		verdict, err := p.attack(kind)
		if err != nil {
			return verdicts, err
		}
		verdicts = append(verdicts, verdict)
	}
	return verdicts, nil
}

func (p *plan) attack(kind hostile) (verdict, error) {
	t, err := p.target()
	if err != nil {
		return verdict{}, err
	}
	defer t.stop()
	var opened, longest atomic.Int64
	var running sync.WaitGroup
	end := time.Now().Add(p.siege)
	var mutex sync.Mutex
	open := map[net.Conn]time.Time{}
	for range kind.many {
		running.Go(func() {
			dialer := net.Dialer{Timeout: timeOut, LocalAddr: &net.TCPAddr{IP: net.ParseIP(hostileAddress)}}
			for time.Now().Before(end) {
				stream, err := dialer.Dial("tcp", kind.port(t))
				if err != nil {
					time.Sleep(time.Second)
					continue
				}
				begun := time.Now()
				opened.Add(1)
				mutex.Lock()
				open[stream] = begun
				mutex.Unlock()
				spoken := stream
				if kind.secure {
					spoken = tls.Client(stream, &tls.Config{InsecureSkipVerify: true, ServerName: serverName})
				}
				kind.once(spoken)
				stream.Close()
				mutex.Lock()
				delete(open, stream)
				mutex.Unlock()
				for took := int64(time.Since(begun)); ; {
					if known := longest.Load(); took <= known || longest.CompareAndSwap(known, took) {
						break
					}
				}
				time.Sleep(100 * time.Millisecond)
			}
		})
	}
	time.Sleep(time.Second)
	w, err := t.witness()
	if err != nil {
		return verdict{}, err
	}
	time.Sleep(time.Until(end))
	seen, err := w.stop()
	if err != nil {
		return verdict{}, err
	}
	mutex.Lock()
	for stream, begun := range open {
		longest.Store(max(longest.Load(), int64(time.Since(begun))))
		stream.Close()
	}
	mutex.Unlock()
	t.process.Process.Kill()
	running.Wait()
	fmt.Printf("| %s | %d | %s | %s, %s | %s, %s | %.0f MB |\n", kind.name, opened.Load(), short(time.Duration(longest.Load())),
		seen.Answers.of(), short(seen.Answers.p99()), seen.Probes.of(), short(seen.Probes.p99()), seen.Memory)
	return verdict{name: kind.name, err: seen.check()}, nil
}
