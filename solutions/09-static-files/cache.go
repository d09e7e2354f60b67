//starter:omit
package static

// This file is for what need not be looked up again for every request.

import (
	"io"
	"sync"
	"time"

	"barewire/solutions/04-keep-alive"
)

// DefaultFresh is how long a Cache believes what it has. Of its peers, fasthttp takes 10
// seconds, nginx 60 where it is told to keep files open, and net/http has no cache.
const DefaultFresh = time.Second

// What a Cache has room for. What comes when it is full is not kept: within Fresh all is
// forgotten, and then what is asked for most often is likely to come first.
const (
	maxEntries = 1024    // paths
	maxOpen    = 64      // files that are open and not being sent
	maxContent = 8 << 20 // bytes, in short files
	maxPath    = 256     // bytes of a path; longer ones are looked up each time

	// A file with at most so many bytes is short, and its bytes are kept. A longer
	// one is kept open: the kernel sends it, which costs less than a copy.
	maxShort = 32<<10 - 1
)

// A Cache is what a Files has found lately: for a path, and for the codings that the
// client accepts, what is sent. It has the content of short files. Long ones it keeps
// open, each for one request at a time, since an open file has one position.
//
// All of it is believed until Fresh has passed since before the file was opened. A file
// that was replaced, removed or forbidden is sent for no longer than that, with the
// validators of what is sent; a long file that was changed in its place is noticed at
// once. What cannot be served is never kept, and what nobody asks for any more is
// forgotten and closed all the same.
//
// The key is the path as it came, which costs nothing. It is a key because [Name] and
// [os.Root] have let it pass before, for the same Files.
//
// The zero value is empty and ready to use, by any number of connections.
type Cache struct {
	// Fresh is how long a file is believed: DefaultFresh if it is not more than 0.
	Fresh time.Duration

	mu      sync.Mutex
	entries map[cacheKey]*entry
	open    int         // files in entries
	bytes   int         // content in entries
	forget  *time.Timer // runs while there are entries
	closed  bool
}

// A cacheKey is all that a representation depends on. Copies of a Files may have other
// settings, so each has entries of its own.
type cacheKey struct {
	files    *Files
	path     string
	accepted uint8
}

// An entry is what there is for a key: one representation with content, for everybody,
// or some with files, each of which belongs to the request that takes it out.
type entry struct {
	free []*representation
	gone bool // not in the cache any more
}

// accepted returns what a key says of the codings that a client accepts, in order.
func (f *Files) accepted(r *keepalive.Request) (n uint8) {
	var buf [3]string
	for _, coding := range f.codings(buf[:0], r) {
		switch n <<= 2; coding {
		case "br":
			n |= 1
		case "zstd":
			n |= 2
		case "gzip":
			n |= 3
		}
	}
	return n
}

// take returns what is sent for a request, or nil if that is not known. It has to be
// given back.
func (c *Cache) take(f *Files, r *keepalive.Request, now time.Time) (rep *representation) {
	if c == nil {
		return nil
	}
	accepted := f.accepted(r)
	c.mu.Lock()
	// The compiler makes no copy of the path for this.
	if e := c.entries[cacheKey{f, string(r.Target.Path), accepted}]; e != nil {
		rep = c.pick(e)
	}
	c.mu.Unlock()
	if rep == nil || now.Before(rep.until) && rep.unchanged() {
		return rep
	}
	if rep.file != nil {
		rep.file.Close() // pick has taken it out
	}
	return nil
}

// pick takes a representation with a file out of an entry; content stays there.
func (c *Cache) pick(e *entry) *representation {
	last := len(e.free) - 1
	if last < 0 {
		return nil
	}
	rep := e.free[last]
	if rep.file != nil {
		e.free[last] = nil
		e.free = e.free[:last]
		c.open--
	}
	return rep
}

// unchanged says whether an open file still is what its fields say. Content needs no
// look: it does not change.
func (rep *representation) unchanged() bool {
	if rep.file == nil {
		return true
	}
	info, err := rep.file.Stat()
	return err == nil && info.Size() == rep.size && info.ModTime().Equal(rep.changed)
}

// keep takes what was found for a request into the cache, if there is room. Now is a
// time before the file was opened. The content of a short file is read, and the file
// closed; a long one is there for others when it has been given back.
func (c *Cache) keep(f *Files, r *keepalive.Request, rep *representation, now time.Time) {
	if c == nil || len(r.Target.Path) > maxPath {
		return
	}
	k := cacheKey{f, string(r.Target.Path), f.accepted(r)}
	rep.until = now.Add(c.fresh())
	if rep.size > maxShort {
		c.mu.Lock()
		rep.entry = c.entry(k, 0)
		c.mu.Unlock()
		return
	}
	c.mu.Lock()
	room := c.entry(k, int(rep.size)) != nil
	c.mu.Unlock()
	if !room {
		return
	}
	content := make([]byte, rep.size)
	if _, err := io.ReadFull(rep.file, content); err != nil || !rep.unchanged() {
		return // somebody writes to it
	}
	rep.file.Close()
	rep.file, rep.content = nil, content
	c.mu.Lock()
	defer c.mu.Unlock()
	if e := c.entry(k, len(content)); e != nil {
		c.empty(e) // of what has become old
		e.free = append(e.free, rep)
		c.bytes += len(content)
	}
}

// entry returns the entry of a key, and makes it if there is none, or returns nil if
// there is no room for it with n bytes of content.
func (c *Cache) entry(k cacheKey, n int) *entry {
	e := c.entries[k]
	switch {
	case c.closed || c.bytes+n > maxContent || e == nil && len(c.entries) >= maxEntries:
		return nil
	case e != nil:
		return e
	case c.entries == nil:
		c.entries = make(map[cacheKey]*entry)
	}
	if len(c.entries) == 0 {
		c.forget = time.AfterFunc(c.fresh(), c.clear)
	}
	e = &entry{}
	c.entries[k] = e
	return e
}

// give gives back what take returned or keep was given. A file that has no place in the
// cache is closed.
func (c *Cache) give(rep *representation) {
	if rep.file == nil {
		return
	}
	if e := rep.entry; e != nil {
		c.mu.Lock()
		if !e.gone && c.open < maxOpen && (len(e.free) == 0 || e.free[0].file != nil) {
			e.free = append(e.free, rep)
			c.open++
			c.mu.Unlock()
			return
		}
		c.mu.Unlock()
	}
	rep.file.Close()
}

// empty closes and forgets what is in an entry.
func (c *Cache) empty(e *entry) {
	for _, rep := range e.free {
		if rep.file != nil {
			rep.file.Close()
			c.open--
		} else {
			c.bytes -= len(rep.content)
		}
	}
	clear(e.free)
	e.free = e.free[:0]
}

// clear forgets everything. What is being sent is closed when it is given back.
func (c *Cache) clear() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, e := range c.entries {
		c.empty(e)
		e.gone = true
	}
	clear(c.entries)
}

// close is clear, once and for all.
func (c *Cache) close() {
	if c == nil {
		return
	}
	c.mu.Lock()
	c.closed = true
	if c.forget != nil {
		c.forget.Stop()
	}
	c.mu.Unlock()
	c.clear()
}

func (c *Cache) fresh() time.Duration {
	if c.Fresh > 0 {
		return c.Fresh
	}
	return DefaultFresh
}
