//go:build !unix && !windows

package load

import "time"

func cpuTime() (used time.Duration, known bool) { return 0, false }
