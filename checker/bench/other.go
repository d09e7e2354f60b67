//go:build !linux

package bench

import (
	"context"
	"errors"
	"runtime"
	"time"
)

// On other systems Main says that nothing can be measured, and calls none of these.
var errSystem = errors.New("bench: not on this system")

func family(pid int) []int { return []int{pid} }

func cpuOf([]int) (time.Duration, error) { return 0, errSystem }

func mostFiles() int { return 1024 }

func machine() string { return runtime.GOOS + "/" + runtime.GOARCH }

func keep(context.Context, *process, int) (func(), error) { return nil, errSystem }

func closed(context.Context, *process, *Shape, time.Duration) (sample, error) { return nil, errSystem }

func idle(context.Context, *process, *Shape) (sample, error) { return nil, errSystem }
