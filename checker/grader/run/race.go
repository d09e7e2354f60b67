package run

import "context"

func (x *examining) race(ctx context.Context) error { return nil }
