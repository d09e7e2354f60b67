package load

import (
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"

	"barewire/checker/internal/show"
)

// quiet is how far apart the lines of progress are where they stay.
const quiet = 5 * time.Second

// A progressWriter shows how far a run is: on a terminal in one line that is
// written anew, elsewhere in a line now and then.
type progressWriter struct {
	w       io.Writer
	rewrite bool
	prefix  string

	last  time.Duration // when a line was written that stays
	width int           // of the line that can be written anew
}

// show writes how far the run is.
func (p *progressWriter) show(at Progress) {
	line := fmt.Sprintf("%s%d s of %s  %s requests  %s a second  p99 %s  %s failed", p.prefix,
		int(at.Elapsed.Seconds()+0.5), span(at.Total), count(at.Requests), amount(at.Now), span(at.P99), count(at.Failed))
	if !p.rewrite {
		if at.Elapsed < p.last {
			p.last = 0 // another run has begun
		}
		if at.Elapsed-p.last >= quiet-time.Second/2 {
			p.last = at.Elapsed
			fmt.Fprintln(p.w, line)
		}
		return
	}
	width := utf8.RuneCountInString(line)
	if width >= show.Width {
		line, width = string([]rune(line)[:show.Width-1]), show.Width-1 // a longer one would stay
	}
	fmt.Fprint(p.w, "\r", line, strings.Repeat(" ", max(p.width-width, 0)))
	p.width = width
}

// clear takes the line away that would be written anew.
func (p *progressWriter) clear() {
	if p.width > 0 {
		fmt.Fprint(p.w, "\r", strings.Repeat(" ", p.width), "\r")
		p.width = 0
	}
}
