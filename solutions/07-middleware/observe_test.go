package middleware_test

import (
	"slices"
	"testing"

	"barewire/solutions/04-keep-alive"
	"barewire/solutions/07-middleware"
)

// TestObserve_Together: those who watch the same handler with nothing between them share
// one look at it, the innermost first; one that panics keeps nobody else from hearing of
// the request. What is between two is seen by the outer one alone.
func TestObserve_Together(t *testing.T) {
	var heard []middleware.Exchange
	var looks []*middleware.Exchange
	listen := func(e *middleware.Exchange) {
		heard, looks = append(heard, middleware.Exchange{Status: e.Status, Bytes: e.Bytes, Aborted: e.Aborted}), append(looks, e)
	}
	trip := func(e *middleware.Exchange) { listen(e); panic("a log that fails") }
	between := func(next keepalive.Handler) keepalive.Handler {
		return keepalive.HandlerFunc(func(w keepalive.ResponseWriter, r *keepalive.Request) {
			next.ServeHTTP(w, r)
			w.Write([]byte("and more"))
		})
	}
	silent := func(keepalive.ResponseWriter, *keepalive.Request) {}
	answered := middleware.Exchange{Status: 200, Bytes: int64(len(greeting))}
	for _, row := range []struct {
		name    string
		ms      []keepalive.Middleware
		handler keepalive.HandlerFunc
		want    []middleware.Exchange
		looks   int
	}{
		{"three", []keepalive.Middleware{middleware.Observe(listen), middleware.Observe(listen), middleware.Observe(listen)}, greet,
			[]middleware.Exchange{answered, answered, answered}, 1},
		{"the innermost panics", []keepalive.Middleware{middleware.Observe(listen), middleware.Observe(listen), middleware.Observe(trip)}, greet,
			[]middleware.Exchange{answered, {Status: 200, Bytes: answered.Bytes, Aborted: true}, {Status: 200, Bytes: answered.Bytes, Aborted: true}}, 1},
		{"it panics, and nothing was answered", []keepalive.Middleware{middleware.Observe(listen), middleware.Observe(trip)}, silent,
			[]middleware.Exchange{{Status: 200}, {Status: 500, Aborted: true}}, 1},
		{"one is apart", []keepalive.Middleware{middleware.Observe(listen), between, middleware.Observe(listen)}, greet,
			[]middleware.Exchange{answered, {Status: 200, Bytes: answered.Bytes + 8}}, 2},
	} {
		heard, looks = nil, nil
		serve, _ := perRequest(t, middleware.Chain(row.ms...), row.handler, "")
		func() {
			defer func() { recover() }()
			serve()
		}()
		if n := len(slices.Compact(looks)); !slices.Equal(heard, row.want) || n != row.looks {
			t.Errorf("%s: heard %+v in %d looks, want %+v in %d", row.name, heard, n, row.want, row.looks)
		}
	}
}
