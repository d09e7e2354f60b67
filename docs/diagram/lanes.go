package diagram

import (
	"math"
	"strconv"
)

// Distances in sequence diagrams.
const (
	barWidth  = 10.0
	selfWidth = 30.0 // of a message to oneself
	noteInset = 10.0 // between a note's text and its border
)

// lanes places a sequence diagram: first the lines of the participants, then the events along them.
type lanes struct {
	s     *sequence
	wrap  float64 // how wide text may be
	texts []block // of the events
	heads []block // of the participants
	x     []float64
	y     float64
	out   scene
	bars  [][]float64 // where the bars of each participant begin, while they are open
	open  []int       // the boxes of the frames that have begun
	left  []float64   // of each frame
	right []float64
}

// scene places the sequence with the widest text that lets it be no wider than limit.
func (s *sequence) scene(limit float64) scene {
	var best scene
	for wrap := 340.0; wrap >= 60; wrap -= 10 {
		l := &lanes{s: s, wrap: wrap}
		l.measure()
		l.columns()
		l.rows()
		l.out.fit(8)
		if l.out.w <= limit {
			return l.out
		}
		if best.w == 0 || l.out.w < best.w {
			best = l.out
		}
	}
	return best
}

func (l *lanes) measure() {
	for _, p := range l.s.who {
		l.heads = append(l.heads, wrap(p.text, min(l.wrap, 170)))
	}
	for _, e := range l.s.events {
		limit := l.wrap
		if e.kind == note && e.a != e.b {
			limit *= 1.5
		}
		if e.text == "" {
			l.texts = append(l.texts, block{})
		} else {
			l.texts = append(l.texts, wrap(e.text, limit))
		}
	}
}

// columns puts the lines of the participants apart, so that all texts between them have room.
func (l *lanes) columns() {
	n := len(l.s.who)
	apart := make([]float64, n) // between i and i+1
	for i := range n - 1 {
		apart[i] = (l.head(i)+l.head(i+1))/2 + 24
	}
	need := func(a, b int, room float64) {
		if a < 0 || b >= n || a >= b {
			return
		}
		sum := 0.0
		for i := a; i < b; i++ {
			sum += apart[i]
		}
		for i := a; i < b && sum < room; i++ {
			apart[i] += (room - sum) / float64(b-a)
		}
	}
	for width := 0; width < n; width++ { // neighbours first
		for i, e := range l.s.events {
			w := l.texts[i].w
			switch {
			case e.kind > note:
			case width == 0 && e.kind == message && e.a == e.b:
				need(e.a, e.a+1, w+selfWidth+barWidth+18)
			case width == 0 && e.kind == note && e.place == "right of":
				need(e.a, e.a+1, w+2*noteInset+barWidth+24)
			case width == 0 && e.kind == note && e.place == "left of":
				need(e.a-1, e.a, w+2*noteInset+barWidth+24)
			case width == 0 && e.a == e.b:
				need(e.a, e.a+1, w/2+noteInset+14)
				need(e.a-1, e.a, w/2+noteInset+14)
			case width > 0 && max(e.a, e.b)-min(e.a, e.b) == width:
				need(min(e.a, e.b), max(e.a, e.b), w+2*barWidth+26)
			}
		}
	}
	l.x = make([]float64, n)
	for i := range n - 1 {
		l.x[i+1] = l.x[i] + math.Ceil(apart[i])
	}
	l.frameSides()
}

// head is how wide the box of a participant is.
func (l *lanes) head(i int) float64 { return math.Ceil(max(l.heads[i].w+24, 60)) }

// frameSides finds how wide each frame has to be for what is in it.
func (l *lanes) frameSides() {
	l.left = make([]float64, len(l.s.frames))
	l.right = make([]float64, len(l.s.frames))
	for f, s := range l.s.frames {
		l.left[f], l.right[f] = l.x[s.a]-20, l.x[s.b]+20
	}
	var open []int
	for i, e := range l.s.events {
		switch e.kind {
		case begin:
			open = append(open, e.frame)
		case finish:
			f := e.frame
			open = open[:len(open)-1]
			if len(open) > 0 {
				up := open[len(open)-1]
				l.left[up] = min(l.left[up], l.left[f]-10)
				l.right[up] = max(l.right[up], l.right[f]+10)
			}
		case message, note:
			left, right := l.extent(i)
			for _, f := range open {
				l.left[f], l.right[f] = min(l.left[f], left-10), max(l.right[f], right+10)
			}
		}
	}
}

// extent is how far to the left and right a message or note reaches.
func (l *lanes) extent(i int) (left, right float64) {
	e, w := l.s.events[i], l.texts[i].w
	switch {
	case e.kind == message && e.a == e.b:
		return l.x[e.a], l.x[e.a] + barWidth + selfWidth + w + 8
	case e.kind == message:
		a, b := min(l.x[e.a], l.x[e.b]), max(l.x[e.a], l.x[e.b])
		mid := (a + b) / 2
		return min(a, mid-w/2-4), max(b, mid+w/2+4)
	case e.place == "left of":
		return l.x[e.a] - 12 - w - 2*noteInset, l.x[e.a]
	case e.place == "right of":
		return l.x[e.a], l.x[e.a] + 12 + w + 2*noteInset
	}
	mid := (l.x[e.a] + l.x[e.b]) / 2
	half := max(w/2+noteInset, 30)
	if e.a != e.b {
		half = max(half, (l.x[e.b]-l.x[e.a])/2+16)
	}
	return mid - half, mid + half
}

// rows walks through the events from top to bottom.
func (l *lanes) rows() {
	tall := 0.0
	for _, h := range l.heads {
		tall = max(tall, h.h+16)
	}
	for i, h := range l.heads {
		w := l.head(i)
		l.out.boxes = append(l.out.boxes, box{id: l.s.who[i].id, x: l.x[i] - w/2, y: 0, w: w, h: tall, class: "who", text: h})
	}
	l.bars = make([][]float64, len(l.s.who))
	l.y = tall + 14
	for i, e := range l.s.events {
		switch e.kind {
		case message:
			l.message(i, e)
		case note:
			l.note(i, e)
		case activate:
			l.bars[e.a] = append(l.bars[e.a], l.y-14)
		case deactivate:
			l.endBar(e.a, l.y-14)
		case begin:
			l.beginFrame(i, e)
		case part:
			l.partFrame(i, e)
		case finish:
			b := &l.out.boxes[l.open[len(l.open)-1]]
			l.open = l.open[:len(l.open)-1]
			b.h = l.y - b.y
			l.y += 16
		}
	}
	for i := range l.bars {
		for len(l.bars[i]) > 0 {
			l.endBar(i, l.y-8)
		}
	}
	for i := range l.x {
		p := path{id: "lane " + strconv.Itoa(i), class: "lane"}
		p.start(point{l.x[i], tall})
		p.lineTo(point{l.x[i], l.y})
		l.out.paths = append([]path{p}, l.out.paths...)
	}
}

func (l *lanes) endBar(i int, y float64) {
	last := len(l.bars[i]) - 1
	top := l.bars[i][last]
	l.bars[i] = l.bars[i][:last]
	x := l.x[i] - barWidth/2 + 4*float64(last)
	l.out.boxes = append(l.out.boxes, box{id: "bar", x: x, y: top, w: barWidth, h: max(y-top, 6), class: "bar"})
}

// edge is where a message meets the line of a participant, on the side of x.
func (l *lanes) edge(i int, x float64) float64 {
	n := len(l.bars[i])
	switch {
	case n == 0:
		return l.x[i]
	case x < l.x[i]:
		return l.x[i] - barWidth/2
	}
	return l.x[i] + barWidth/2 + 4*float64(n-1)
}

func (l *lanes) message(i int, e event) {
	t := l.texts[i]
	id := edgeID(i)
	p := path{id: id, class: string(e.line), head: e.head}
	if e.a == e.b {
		x := l.edge(e.a, l.x[e.a]+1)
		h := max(t.h, 22.0)
		top, low := l.y+h/2-11, l.y+h/2+11
		p.p = []point{{x, top}, {x + selfWidth*4/3, top - 6}, {x + selfWidth*4/3, low + 6}, {x, low}}
		l.out.paths = append(l.out.paths, p)
		l.out.labels = append(l.out.labels, label{id: id, x: x + selfWidth + 4, y: l.y + h/2, left: true, text: t})
		l.y += h + 14
		return
	}
	y := l.y + t.h + 5
	if t.h > 0 {
		l.out.labels = append(l.out.labels, label{id: id, x: (l.x[e.a] + l.x[e.b]) / 2, y: l.y + t.h/2, text: t})
	}
	p.start(point{l.edge(e.a, l.x[e.b]), y})
	p.lineTo(point{l.landing(i, e), y})
	l.out.paths = append(l.out.paths, p)
	l.y = y + 14
}

// landing is where a message arrives: at the bar that it begins, if it does.
func (l *lanes) landing(i int, e event) float64 {
	x := l.edge(e.b, l.x[e.a])
	if i+1 < len(l.s.events) {
		if next := l.s.events[i+1]; next.kind == activate && next.a == e.b {
			l.bars[e.b] = append(l.bars[e.b], 0)
			x = l.edge(e.b, l.x[e.a])
			l.bars[e.b] = l.bars[e.b][:len(l.bars[e.b])-1]
		}
	}
	return x
}

func (l *lanes) note(i int, e event) {
	t := l.texts[i]
	left, right := l.extent(i)
	switch e.place {
	case "left of":
		right -= 12
	case "right of":
		left += 12
	}
	l.out.boxes = append(l.out.boxes, box{id: edgeID(i), x: left, y: l.y, w: right - left, h: t.h + 12, class: "note", text: t})
	l.y += t.h + 12 + 14
}

func (l *lanes) beginFrame(i int, e event) {
	l.y += 2
	l.open = append(l.open, len(l.out.boxes))
	l.out.boxes = append(l.out.boxes, box{id: edgeID(i), x: l.left[e.frame], y: l.y,
		w: l.right[e.frame] - l.left[e.frame], class: "group", title: true})
	l.heading(i, e)
}

func (l *lanes) partFrame(i int, e event) {
	p := path{id: edgeID(i), class: "dotted part"}
	p.start(point{l.left[e.frame], l.y})
	p.lineTo(point{l.right[e.frame], l.y})
	l.out.paths = append(l.out.paths, p)
	l.heading(i, e)
}

// heading writes the word of a frame, or of a part of it, and its condition.
func (l *lanes) heading(i int, e event) {
	word := wrap(e.word, 100)
	x := l.left[e.frame] + 10
	l.out.labels = append(l.out.labels, label{id: edgeID(i), x: x, y: l.y + 6 + lineHeight/2, left: true, text: word, class: "word"})
	text := l.texts[i]
	if e.text != "" {
		text = wrap(e.text, l.right[e.frame]-x-word.w-24)
		l.out.labels = append(l.out.labels, label{id: edgeID(i), x: x + word.w + 12, y: l.y + 6 + text.h/2, left: true, text: text})
	}
	l.y += max(text.h, lineHeight) + 16
}
