package runs_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unsafe"

	reqline "barewire/solutions/02-request-line"
	ratelimit "barewire/solutions/08-rate-limiting"
)

// Numbers that a page says because a line of the code does. Where the line has changed,
// say on the page what it is now; where the page has, look whether it is still true.
var constants = []struct{ page, says, file, code string }{
	{"01-tcp-echo", "5 ms, doubled with each error up to 1 s", "01-tcp-echo/backoff.go", "firstPause = 5 * time.Millisecond\n\tmaxPause   = time.Second"},
	{"02-request-line", "with a limit of 8 KiB, at most 8,192 times", "02-request-line/line.go", "MaxRequestLine = 8 << 10"},
	{"03-headers-bodies", "64 KiB and 100 fields", "03-headers-bodies/limits.go", "MaxHeaderSection = 64 << 10"},
	{"03-headers-bodies", "the limit of 100", "03-headers-bodies/limits.go", "MaxFields = 100"},
	{"05-thread-pool", "64 workers has 64 for ever", "05-thread-pool/pool.go", "DefaultMax = 64"},
	{"07-middleware", "at most 64 harmless bytes", "07-middleware/requestid.go", "MaxRequestID = 64"},
	{"07-middleware", "1 KiB is there", "07-middleware/compress.go", "= 1 << 10"},
	{"08-rate-limiting", "It looks at eight instead", "08-rate-limiting/table.go", "Sample = 8"},
	{"08-rate-limiting", "up to 64 parts", "08-rate-limiting/limiter.go", "maxParts   = 64"},
	{"08-rate-limiting", "each has room for 64 or more", "08-rate-limiting/limiter.go", "minClients = 8 * Sample"},
	{"09-static-files", "There are at most 32.", "09-static-files/range.go", "MaxRanges = 32"},
	{"09-static-files", "for one second (`Cache.Fresh`)", "09-static-files/cache.go", "DefaultFresh = time.Second"},
	{"10-production-server", "256 by default", "10-production-server/config.go", "DefaultMaxConnsPerClient = 256"},
	{"10-production-server", "240 bytes a second", "10-production-server/config.go", "DefaultMinRate = 240"},
	{"10-production-server", "After a tenth of a second the buffers go", "10-production-server/lot_linux.go", "const long = 100 * time.Millisecond"},
	{"10-production-server", "not done after two milliseconds", "10-production-server/watch_linux.go", "const batchTime = 2 * time.Millisecond"},
	{"10-production-server", "among sixteen batches", "10-production-server/watch_linux.go", "rare       = 16"},
	{"10-production-server", "5 ms, then twice as long each time, up to a second", "10-production-server/watch_linux.go", "minCaution = 5 * time.Millisecond\n\tmaxCaution = time.Second"},
	{"abuse", "| 256; of its own the longest idle", "10-production-server/config.go", "DefaultMaxConnsPerClient = 256"},
	{"abuse", "10,000 open; the one", "10-production-server/config.go", "DefaultMaxConns = 10_000"},
	{"abuse", "one worker each (512)", "10-production-server/config.go", "DefaultMaxWorkers = 512"},
	{"abuse", "when 512 wait", "10-production-server/config.go", "DefaultQueue = 512"},
	{"abuse", "then 503 after 5 s", "10-production-server/config.go", "DefaultQueueTimeout = 5 * time.Second"},
	{"abuse", "| 75 s | `IdleTimeout`", "04-keep-alive/server.go", "DefaultIdleTimeout = 75 * time.Second"},
	{"abuse", "| 10 s | `HeaderTimeout`", "04-keep-alive/server.go", "DefaultHeaderTimeout = 10 * time.Second"},
	{"abuse", "`Limits.Content` (4 MiB)", "03-headers-bodies/limits.go", "MaxContent = 4 << 20"},
	{"abuse", "512 KiB | `Limits.RequestLine`", "10-production-server/abuse_flood_test.go", "floodMemory = 512 << 10"},
	{"abuse", "| 512 KiB for 10,000 |", "10-production-server/abuse_flood_test.go", "bound := int64(512 << 10)"},
	{"abuse", "24 KiB each; on Linux, without TLS, 1.5 KiB", "10-production-server/abuse_slow_test.go", "bound := int64(24 << 10)"},
	{"abuse", "64 KiB each, with `-race`", "10-production-server/abuse_tls_test.go", "each > 64<<10"},
	{"abuse", "32 MiB, 65,536 of them", "10-production-server/abuse_work_test.go", "grown > 32<<20"},
	{"abuse", "at most ten times what it is in peace, and 50 ms", "10-production-server/abuse_others_test.go", "const floor = 50 * time.Millisecond"},
}

func TestConstants(t *testing.T) {
	for _, c := range constants {
		for name, want := range map[string]string{
			filepath.Join("..", c.page+".md"):                                  c.says,
			filepath.Join("..", "..", "solutions", filepath.FromSlash(c.file)): c.code,
		} {
			if text, err := os.ReadFile(name); err != nil || !strings.Contains(string(text), want) {
				t.Errorf("docs/%s.md says %q because %s has %q: there is no %q in %s any more, %v", c.page, c.says, c.file, c.code, want, name, err)
			}
		}
	}
	for _, s := range []struct {
		page, says string
		size, want uintptr
	}{
		{"02-request-line", "two strings: 32 bytes", unsafe.Sizeof(reqline.Param{}), 32},
		{"08-rate-limiting", "| memory for a client | 32 bytes |", unsafe.Sizeof(ratelimit.TokenBucket{}), 32},
	} {
		text, err := os.ReadFile(filepath.Join("..", s.page+".md"))
		if err != nil || !strings.Contains(string(text), s.says) || unsafe.Sizeof(uintptr(0)) == 8 && s.size != s.want {
			t.Errorf("docs/%s.md says %q, and it is %d bytes; %v", s.page, s.says, s.size, err)
		}
	}
}
