package router

import (
	"bytes"
	"slices"
	"strings"

	"barewire/steps/02-request-line"
)

// A table has a tree for each host; that for any host is called "".
type table struct {
	trees   map[string]*node
	methods map[string]bool // that any route has; "" stands for all
}

// add puts a route into the table, or returns the one that is there for the same requests.
func (t *table) add(r *route) (other *route) {
	if t.trees == nil {
		t.trees = map[string]*node{}
		t.methods = map[string]bool{}
	}
	host := r.pattern.Host
	if t.trees[host] == nil {
		t.trees[host] = newNode()
	}
	l := t.trees[host].leafFor(r.pattern.Segments)
	if l[r.pattern.Method] != nil {
		return l[r.pattern.Method]
	}
	l[r.pattern.Method] = r
	t.methods[r.pattern.Method] = true
	return nil
}

// find is [node.find], first in the tree of the host, then in that of all.
func (t *table) find(host, path string, try func(leaf) *route) *route {
	segments := splitPath(path)
	if host != "" {
		if found := t.trees[host].find(segments, try); found != nil {
			return found
		}
	}
	return t.trees[""].find(segments, try)
}

// best returns the route for a request.
func (t *table) best(method, host, path string) *route {
	return t.find(host, path, func(l leaf) *route { return l.forMethod(method) })
}

// methodsOf returns the methods of all routes that match a path.
func (t *table) methodsOf(host, path string) map[string]bool {
	methods := map[string]bool{}
	t.find(host, path, func(l leaf) *route {
		for method := range l {
			methods[method] = true
		}
		return nil
	})
	return methods
}

// allow returns the value of an Allow field.
func allow(methods map[string]bool) string {
	all := map[string]bool{"OPTIONS": true}
	for method := range methods {
		all[method] = true
	}
	if all[""] {
		delete(all, "")
		for _, method := range knownMethods {
			if method != "CONNECT" && method != "TRACE" {
				all[method] = true
			}
		}
	}
	if all["GET"] {
		all["HEAD"] = true
	}
	names := []string{}
	for method := range all {
		names = append(names, method)
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}

// splitPath returns the segments of a path, decoded.
func splitPath(path string) []string {
	segments := strings.Split(path[1:], "/")
	for i, s := range segments {
		decoded, err := reqline.AppendDecoded(nil, []byte(s))
		if err == nil {
			segments[i] = string(decoded)
		}
	}
	return segments
}

// hostName returns the host of a request as patterns have it.
func hostName(authority []byte) string {
	host, _, err := reqline.ParseAuthority(authority)
	if err != nil {
		host = authority
	}
	return string(bytes.ToLower(bytes.TrimSuffix(host, []byte("."))))
}
