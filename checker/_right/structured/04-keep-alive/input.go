package keepalive

// An input is a block of memory that the connection reads into. What stands in
// front of pinned belongs to the request that is being handled and is not touched.
type input struct {
	block            []byte
	pinned, from, to int
}

const blockSize = 4 << 10

// unread is what has arrived and was not taken.
func (in *input) unread() []byte { return in.block[in.from:in.to] }

// take says that n bytes of unread are done with; pin, that they are borrowed.
func (in *input) take(n int) { in.from += n }
func (in *input) pin()       { in.pinned = in.from }
func (in *input) unpin()     { in.pinned = 0 }

// room returns memory behind what is unread, at least a quarter of a block of it.
func (in *input) room() []byte {
	const least = blockSize / 4
	if in.from == in.to {
		in.from, in.to = in.pinned, in.pinned
	}
	if len(in.block)-in.to >= least {
		return in.block[in.to:]
	}
	rest, target := in.unread(), in.block
	if free := len(in.block) - len(rest) - in.pinned; free >= least && free >= len(rest) {
		in.to = in.pinned + copy(target[in.pinned:], rest)
		in.from = in.pinned
		return in.block[in.to:]
	}
	size := max(blockSize, 2*len(rest)+least)
	if in.pinned > 0 {
		size = max(size, 4*blockSize) // for content
	}
	in.block = make([]byte, size)
	in.to, in.from, in.pinned = copy(in.block, rest), 0, 0
	return in.block[in.to:]
}

// came says that n bytes of room hold something now.
func (in *input) came(n int) { in.to += n }
