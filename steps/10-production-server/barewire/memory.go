package main

import (
	"fmt"
	"io"
)

// What a connection costs beside its head, and a worker that compresses: docs/abuse.md,
// "Memory, all of it", which also says which tests have measured it.
const (
	connSize     = 25 << 10
	tlsSize      = 25 << 10
	compressSize = 12 << 20 / 10
	limiterSize  = 13 << 20
	logSize      = 2 << 20
)

// printMemory writes, as comments, what the limits add up to: what clients can make the
// server keep at the most.
func (s *settings) printMemory(out io.Writer) {
	c, total := &s.config, int64(0)
	fmt.Fprintln(out, "# What clients can make the server keep, at the most, in MiB")
	part := func(size int64, what string) {
		total += size
		fmt.Fprintf(out, "#   %6d  %s\n", size>>20, what)
	}
	head, of := int64(2*(c.Limits.RequestLine+c.Limits.HeaderSection)+connSize), ""
	if c.CertFile != "" {
		head, of = head+tlsSize, fmt.Sprintf(", and %d KiB for TLS", tlsSize>>10)
	}
	part(int64(c.MaxConns)*head, fmt.Sprintf("max-conns * (2 * (max-request-line + max-header) + %d KiB%s)", connSize>>10, of))
	if c.Compress {
		part(int64(c.MaxWorkers)*compressSize, fmt.Sprintf("max-workers * %.1f MiB to compress", float64(compressSize)/(1<<20)))
	}
	if s.config.Handler != nil {
		part(int64(c.MaxWorkers)*2*c.Limits.Content, "max-workers * 2 * max-content, which echo reads all at once")
	}
	if c.RateQuota > 0 {
		part(limiterSize, "for the clients that -rate counts")
	}
	part(logSize, "of log lines that wait")
	fmt.Fprintf(out, "#   %6d  in all\n", total>>20)
}
