package run

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"barewire/checker/grader/result"
	"barewire/checker/internal/show"
)

// A Progress says how far a class is: on a terminal in one line that changes, elsewhere
// in a line for each submission.
type Progress struct {
	Out   io.Writer
	Tty   bool
	Total int
	Now   func() time.Time

	mu      sync.Mutex
	begun   time.Time
	done    int
	faults  int
	running []string
	ended   bool
}

// Event takes note of what happened.
func (p *Progress) Event(e Event) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.begun.IsZero() {
		p.begun = p.Now()
	}
	if e.Result == nil {
		p.running = append(p.running, e.ID)
		p.draw()
		return
	}
	for i, id := range p.running {
		if id == e.ID {
			p.running = append(p.running[:i], p.running[i+1:]...)
			break
		}
	}
	p.done++
	if e.Result.Status == result.Fault {
		p.faults++
	}
	if p.Tty {
		p.draw()
		return
	}
	fmt.Fprintf(p.Out, "%d of %d  %s  %s  %.1f s%s\n", p.done, p.Total, e.Result.ID, e.Result.Mark(), e.Result.Seconds, p.left(", ", " left"))
}

// Draw draws the line again, for the time that is left.
func (p *Progress) Draw() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.draw()
}

const barWidth = 24

func (p *Progress) draw() {
	if !p.Tty || p.ended || p.Total == 0 {
		return
	}
	full := barWidth * p.done / p.Total
	line := fmt.Sprintf("[%s%s] %d of %d", strings.Repeat("#", full), strings.Repeat(".", barWidth-full), p.done, p.Total)
	if p.faults > 0 {
		line += ", " + show.Count(p.faults, "fault")
	}
	line += p.left(", ", " left")
	if room := 78 - len(line); len(p.running) > 0 && room > 12 {
		line += "  " + clip(result.Visible(p.running[0]), room-2)
	}
	fmt.Fprintf(p.Out, "\r\x1b[K%s", line)
}

// End ends the line.
func (p *Progress) End() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.Tty && !p.ended && !p.begun.IsZero() {
		fmt.Fprint(p.Out, "\r\x1b[K")
	}
	p.ended = true
}

// left says how much time is left, once that can be said.
func (p *Progress) left(before, after string) string {
	if p.done == 0 || p.done == p.Total {
		return ""
	}
	each := p.Now().Sub(p.begun) / time.Duration(p.done)
	left := (each * time.Duration(p.Total-p.done)).Round(time.Second)
	return before + fmt.Sprintf("%d:%02d", int(left.Minutes()), int(left.Seconds())%60) + after
}

// clip shortens text to so many characters.
func clip(text string, most int) string {
	if r := []rune(text); len(r) > most {
		return string(r[:most-1]) + "…"
	}
	return text
}
