package router

import (
	"bytes"
	"fmt"
	"hash/maphash"
	"maps"
)

// This file is for the table: a tree for each host, and one for any.

// A table is all routes of one router.
//
//starter:omit
type table struct {
	tree
	hosts   map[string]uint32    // their nodes, by name in lower case
	names   map[string][]Segment // see named
	methods map[string]bool      // that routes have, "" if there is one for any
	closed  string               // why there can be no more
}

// The paths of a host begin at a node of its own, and those of any host at this one.
//
//starter:omit
const anyHost = 1

//starter:omit
func newTable() *table {
	return &table{
		tree:  tree{nodes: make([]node, anyHost+1), routes: make([]route, 1), ways: ways{slots: make([]slot, 8), seed: maphash.MakeSeed()}},
		hosts: map[string]uint32{}, names: map[string][]Segment{}, methods: map[string]bool{},
	}
}

// all returns the methods that routes have, for "OPTIONS *".
//
//starter:omit
func (t *table) all() map[string]bool {
	all := maps.Clone(t.methods)
	if all[""] {
		delete(all, "")
		for _, m := range known[:len(known)-2] {
			all[m] = true
		}
	}
	return all
}

// named returns the segments of a pattern up to the last one with a name, and of those
// only what has a name. Routes with the same names in the same places share them.
//
//starter:omit
func (t *table) named(segs []Segment) []Segment {
	var named []Segment
	for i, seg := range segs {
		if seg.Kind != Literal && seg.Text != "" {
			named = append(append(named, make([]Segment, i-len(named))...), seg)
		}
	}
	key := fmt.Sprint(named)
	if t.names[key] == nil {
		t.names[key] = named
	}
	return t.names[key]
}

// root returns the node for the patterns with this host, or those without one.
//
//starter:omit
func (t *table) root(host string) uint32 {
	if host == "" {
		return anyHost
	}
	if t.hosts[host] == 0 {
		t.hosts[host] = t.node()
	}
	return t.hosts[host]
}

// own returns the node for a request to host, which may have a port; 0 if no pattern
// has this host.
//
//starter:omit
func (t *table) own(host []byte) uint32 {
	if len(t.hosts) == 0 {
		return 0
	}
	name := host // step 3 has checked it
	if i := bytes.LastIndexByte(host, ':'); i >= 0 && bytes.IndexByte(host[i:], ']') < 0 {
		name = host[:i]
	}
	if n := len(name); n > 1 && name[n-1] == '.' {
		name = name[:n-1] // the root of the DNS: the same host
	}
	var buf [256]byte
	lower := buf[:0]
	for _, c := range name {
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		lower = append(lower, c)
	}
	return t.hosts[string(lower)]
}

// find returns the route that s finds for a request to host.
//
//starter:omit
func (t *table) find(host []byte, s *search, slashes []int) (rt *route) {
	if own := t.own(host); own != 0 {
		rt = s.find(own, slashes)
	}
	if rt == nil {
		rt = s.find(anyHost, slashes)
	}
	return rt
}
