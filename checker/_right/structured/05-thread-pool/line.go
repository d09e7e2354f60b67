package pool

// A line is a list whose members know their neighbours, so that anybody can leave
// it at any time.
type line[T any] struct {
	front, back *node[T]
	len         int
}

// A node is what a member of a line has in it.
type node[T any] struct {
	prev, next *node[T]
	of         *T
}

func (l *line[T]) first() *T { return l.front.of }
func (l *line[T]) last() *T  { return l.back.of }

func (l *line[T]) push(m interface{ link() *node[T] }) {
	n := m.link()
	n.prev, n.next = l.back, nil
	*l.hole(n.prev, true) = n
	l.back = n
	l.len++
}

func (l *line[T]) remove(m interface{ link() *node[T] }) {
	n := m.link()
	*l.hole(n.prev, true) = n.next
	*l.hole(n.next, false) = n.prev
	n.prev, n.next = nil, nil
	l.len--
}

// hole is the pointer beside n that points on, forward or backward: that of the line
// itself at its ends.
func (l *line[T]) hole(n *node[T], forward bool) **node[T] {
	switch {
	case n == nil && forward:
		return &l.front
	case n == nil:
		return &l.back
	case forward:
		return &n.next
	}
	return &n.prev
}
