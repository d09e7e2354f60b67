package cases

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// Parse reads a file of cases, which is Markdown:
//
//	# Host                             the group
//	needs: /file                       its cases ask for the file that conformance.WriteFile writes
//
//	## two Host fields                 the case
//	RFC 9112 §3.2, MUST                what decides
//
//	    GET / HTTP/1.1\r\n             what is sent; spaces at the end of a line do not count
//	    Host: a\r\n
//	    ...                            a pause
//	    Host: {b*3}\r\n                {b*3} is bbb
//	    \r\n
//	    EOF                            the client closes its sending side
//
//	methods: HEAD                      of the requests, where they are not GET
//	want: 400 close                    or "400 close | 200 200 open", the strictest first; "nothing" for no response
//	barewire: the RFC allows it, and   why our server does not give the first of several answers
//	+ Date                             checks of the last response: a field, "- Name" for none,
//	: method GET                       a line of the content that the target answers with
//	= 0-9, 500-509 | all               these parts of the file are in it, in this order, or those
//
//	Why it matters, in a sentence or two.
//
// In what is sent, \r, \n, \t, \x00, \\ and \{ are as in Go, and a space at the end of
// a line is \x20. {etag} is the strong entity tag that the server gives the file; it may
// stand in checks too. An error names file and line.
func Parse(name, text string) ([]Case, error) {
	p := parser{name: name}
	for line := range strings.Lines(text) {
		p.n++
		p.line(strings.TrimRight(line, " \t\r\n"))
	}
	p.end()
	return p.all, errors.Join(p.faults...)
}

type parser struct {
	name   string
	n      int
	group  string
	file   bool // the group needs the file
	all    []Case
	faults []error
	now    *Case // the case that is being read
	pause  bool  // the next line begins a new piece
}

var deciding = regexp.MustCompile(`^(RFC \d+ §[\d.]+[^,]*), (MUST|SHOULD|MAY)$`)

func (p *parser) fault(format string, args ...any) {
	p.faults = append(p.faults, fmt.Errorf("%s:%d: %s", p.name, p.n, fmt.Sprintf(format, args...)))
}

func (p *parser) line(line string) {
	word, rest, _ := strings.Cut(line, " ")
	switch {
	case word == "##":
		p.end()
		p.now = &Case{File: fmt.Sprintf("%s:%d", p.name, p.n), Group: p.group, Name: rest, NeedsFile: p.file}
		p.pause = true
	case word == "#":
		p.end()
		p.group, p.file = rest, false
	case line == "":
	case p.now == nil && line == "needs: "+FilePath:
		p.file = true
	case p.now == nil:
		// text before the first case is for readers
	case strings.HasPrefix(line, "    "):
		p.send(line[4:])
	case p.now.Section == "":
		found := deciding.FindStringSubmatch(line)
		if found == nil {
			p.fault("%q does not say what decides, such as: RFC 9112 §3.2, MUST", line)
			found = []string{"", "?", "?"}
		}
		p.now.Section, p.now.Verb = found[1], found[2]
	case word == "barewire:":
		p.now.Reason = rest
	case word == "methods:":
		p.now.Methods = strings.Fields(rest)
	case word == "want:":
		p.want(rest)
	case word == "+" || word == "-" || word == ":" || word == "=":
		c := Check{Kind: word[0], Name: rest}
		if c.Kind == ':' || c.Kind == '=' {
			c.Name, c.Value = "", rest
		} else if name, value, ok := strings.Cut(rest, ": "); ok {
			c.Name, c.Value = name, value
		}
		p.now.Checks = append(p.now.Checks, c)
	default:
		p.now.Why = strings.TrimSpace(p.now.Why + " " + line)
	}
}

// send reads a line of what is sent.
func (p *parser) send(line string) {
	switch line {
	case "...":
		p.pause = true
		return
	case "EOF":
		p.now.Half = true
		return
	}
	text, err := expand(line)
	if err != nil {
		p.fault("%v", err)
	}
	if p.pause {
		p.now.Pieces = append(p.now.Pieces, "")
		p.pause = false
	}
	p.now.Pieces[len(p.now.Pieces)-1] += text
}

var repeated = regexp.MustCompile(`\{((?:[^{}\\]|\\.)+)\*(\d+)\}`)

// expand returns the bytes that a line stands for.
func expand(line string) (string, error) {
	var b strings.Builder
	for line != "" {
		at := repeated.FindStringSubmatchIndex(line)
		end := len(line)
		if at != nil {
			end = at[0]
		}
		text, err := unescape(line[:end])
		if err != nil {
			return "", err
		}
		b.WriteString(text)
		if at == nil {
			break
		}
		text, err = unescape(line[at[2]:at[3]])
		if err != nil {
			return "", err
		}
		times, _ := strconv.Atoi(line[at[4]:at[5]])
		b.WriteString(strings.Repeat(text, times))
		line = line[at[1]:]
	}
	return b.String(), nil
}

func unescape(s string) (string, error) {
	s = strings.NewReplacer(`\{`, "{", `\}`, "}", `"`, `\"`).Replace(s)
	text, err := strconv.Unquote(`"` + s + `"`)
	if err != nil {
		return "", fmt.Errorf("%q has a backslash that stands for nothing", s)
	}
	return text, nil
}

var status = regexp.MustCompile(`^[1-5x][0-9x][0-9x]$`)

// want reads the answers that are right.
func (p *parser) want(text string) {
	for one := range strings.SplitSeq(text, "|") {
		words := strings.Fields(one)
		if len(words) < 2 {
			p.fault("%q is no answer, such as: 400 close", one)
			return
		}
		a := Answer{End: End(words[len(words)-1])}
		if a.End != Open && a.End != Closed && a.End != Either {
			p.fault("%q is none of open, close and either", a.End)
		}
		for _, w := range words[:len(words)-1] {
			if w == "nothing" {
				continue
			}
			if !status.MatchString(w) {
				p.fault("%q is no status", w)
			}
			a.Statuses = append(a.Statuses, w)
		}
		p.now.Want = append(p.now.Want, a)
	}
}

// end completes the case that was being read.
func (p *parser) end() {
	c := p.now
	p.now = nil
	switch {
	case c == nil:
		return
	case c.Name == "" || c.Section == "" || c.Why == "" || len(c.Want) == 0 || len(c.Pieces) == 0:
		p.faults = append(p.faults, fmt.Errorf("%s: %q needs a name, what decides, what is sent, what is wanted, and why", c.File, c.Name))
	}
	for _, other := range p.all {
		if other.Group == c.Group && other.Name == c.Name {
			p.faults = append(p.faults, fmt.Errorf("%s: there is another %q in %s", c.File, c.Name, c.Group))
		}
	}
	p.all = append(p.all, *c)
}
