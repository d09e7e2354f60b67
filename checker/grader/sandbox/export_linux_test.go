package sandbox

import "context"

// Try tries a box, as [Best] does.
func Try(ctx context.Context, b Box, dir string) Probe { return b.(*box).probe(ctx, dir) }
