package sandbox

import (
	"context"
	"time"
)

// Describe makes an End of what the launcher says.
func Describe(report string, spec Spec) End {
	p := &Process{spec: spec, report: report, out: new(drain), err: new(drain)}
	return p.describe(time.Second)
}

// Try tries a box, as [Best] does.
func Try(ctx context.Context, b Box, dir string) Probe { return b.(*box).probe(ctx, dir) }
