package router

import (
	"bytes"
	"maps"
	"slices"
	"strings"
)

// A table has a tree for each host, and one for all.
type table struct {
	any     node
	hosts   map[string]*node
	methods map[string]bool // that routes have; "" for any
}

func (t *table) tree(host string) *node {
	if host == "" {
		return &t.any
	}
	if t.hosts == nil {
		t.hosts = make(map[string]*node)
	}
	if t.hosts[host] == nil {
		t.hosts[host] = new(node)
	}
	return t.hosts[host]
}

// add puts a route in, or returns the one that is for the same requests.
func (t *table) add(r *route) (other *route) {
	c := t.tree(r.pattern.Host).place(r.pattern.Segments)
	if other := c.of(r.pattern.Method); other != nil {
		return other
	}
	*c = append(*c, r)
	if t.methods == nil {
		t.methods = make(map[string]bool)
	}
	t.methods[r.pattern.Method] = true
	return nil
}

// A lookup is the trees for the host of one request, the first one first.
type lookup struct {
	ofHost *node // or nil
	any    *node
}

func (t *table) lookup(host []byte) lookup {
	l := lookup{any: &t.any}
	if len(t.hosts) == 0 {
		return l
	}
	if i := bytes.IndexByte(host, ']'); i >= 0 {
		host = host[:i+1]
	} else if i := bytes.IndexByte(host, ':'); i >= 0 {
		host = host[:i]
	}
	l.ofHost = t.hosts[strings.ToLower(string(bytes.TrimSuffix(host, []byte("."))))]
	return l
}

func (l lookup) find(path []byte, method string) *route {
	if r := l.ofHost.find(path, method); r != nil {
		return r
	}
	return l.any.find(path, method)
}

// allowed returns the methods of all routes that match a path.
func (l lookup) allowed(path []byte) map[string]bool {
	var all map[string]bool
	add := func(r *route) {
		if all == nil {
			all = make(map[string]bool)
		}
		all[r.pattern.Method] = true
	}
	l.ofHost.each(path, add)
	l.any.each(path, add)
	return all
}

// allow writes methods as the Allow field has them.
func allow(methods map[string]bool) string {
	all := maps.Clone(methods)
	if all == nil {
		all = make(map[string]bool)
	}
	if all[""] {
		delete(all, "")
		for _, m := range knownMethods {
			if m != "CONNECT" && m != "TRACE" {
				all[m] = true
			}
		}
	}
	if all["GET"] {
		all["HEAD"] = true
	}
	all["OPTIONS"] = true
	return strings.Join(slices.Sorted(maps.Keys(all)), ", ")
}

// known says whether anybody knows a method.
func (t *table) known(method string) bool {
	return t.methods[method] || t.methods[""] || slices.Contains(knownMethods, method)
}
