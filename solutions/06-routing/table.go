package router

import (
	"bytes"
	"maps"
)

// This file is for the table: a tree for each host, and one for any.

// A table is all routes of one router.
//
//starter:omit
type table struct {
	any     node
	hosts   map[string]*node // by name, in lower case
	methods map[string]bool  // that routes have, "" if there is one for any
	routes  []*route         // in the order of their registration
	closed  string           // why there can be no more
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

// tree returns the tree for the patterns with this host, or those without one.
//
//starter:omit
func (t *table) tree(host string) *node {
	if host == "" {
		return &t.any
	}
	if t.hosts[host] == nil {
		t.hosts[host] = new(node)
	}
	return t.hosts[host]
}

// trees returns the trees for a request to host, which may have a port. What is
// not there is an empty tree.
//
//starter:omit
func (t *table) trees(host []byte) [2]*node {
	trees := [2]*node{&empty, &t.any}
	if len(t.hosts) == 0 {
		return trees
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
	if n := t.hosts[string(lower)]; n != nil {
		trees[0] = n
	}
	return trees
}

//starter:omit
var empty node

// find returns the route for a request, and one that matches the path with its
// last slash added or taken away and goes before that route.
//
//starter:omit
func (t *table) find(host []byte, method string, path []byte) (rt, other *route) {
	s := search{method: method}
	for _, n := range t.trees(host) {
		if rt = s.find(n, path[1:]); rt != nil {
			break
		}
	}
	return rt, s.other
}
