package load

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"
	"time"

	"barewire/checker/internal/workshop"

	"golang.org/x/term"
)

// mostContent bounds the content of a request.
const mostContent = 16 << 20

// settings are what the command line says.
type settings struct {
	rate        float64
	conns       int
	duration    time.Duration
	requests    int
	method      string
	body        string
	size        int
	fields      []string
	pipeline    int
	close       bool
	timeout     time.Duration
	json        string
	insecure    bool
	mine        bool
	allowErrors bool
	slices      int
	urls        []string
}

// parse reads the command line.
func parse(args []string) (*settings, error) {
	s := new(settings)
	flags := flag.NewFlagSet("load", flag.ContinueOnError)
	flags.Float64Var(&s.rate, "rate", 0, "requests a second in all, on a schedule; 0 for as fast as possible")
	flags.IntVar(&s.conns, "c", 16, "`connections`")
	flags.DurationVar(&s.duration, "d", 10*time.Second, "how `long`")
	flags.IntVar(&s.requests, "n", 0, "at most this many `requests`; 0 for no such bound")
	flags.StringVar(&s.method, "method", "", "the `method`; GET, or POST if there is content")
	flags.StringVar(&s.body, "body", "", "the content: a `text`, or @ and the name of a file")
	flags.IntVar(&s.size, "size", 0, "a content of this many `bytes`")
	flags.Func("H", "a `field`, such as 'Accept: */*'; may be repeated", func(f string) error {
		s.fields = append(s.fields, f)
		return nil
	})
	flags.IntVar(&s.pipeline, "pipeline", 1, "requests in flight on a connection")
	flags.BoolVar(&s.close, "close", false, "open a new connection for each request")
	flags.DurationVar(&s.timeout, "timeout", 5*time.Second, "how `long` a request may take once it is sent")
	flags.StringVar(&s.json, "json", "", "write the results into this `file` as well")
	flags.BoolVar(&s.insecure, "insecure", false, "accept any certificate")
	flags.BoolVar(&s.mine, "i-own-this-server", false, "the server may have a public address")
	flags.BoolVar(&s.allowErrors, "allow-errors", false, "exit with 0 even if requests failed")
	flags.IntVar(&s.slices, "slices", 5, "how many turns each of two servers gets")
	urls, err := workshop.Parse(flags, args)
	switch {
	case err != nil:
		return nil, err
	case len(urls) == 0:
		return nil, errors.New("load: which server? For example: go tool checker load http://127.0.0.1:8080/")
	case s.body != "" && s.size != 0:
		return nil, errors.New("load: -body and -size are two contents")
	case s.slices < 1 || s.slices > 100:
		return nil, fmt.Errorf("load: %d slices; from 1 to 100 are possible", s.slices)
	case len(urls) > 1 && s.requests > 0 && s.requests < s.slices:
		return nil, fmt.Errorf("load: %d requests cannot be shared out to %d slices", s.requests, s.slices)
	}
	s.urls = urls
	return s, workshop.AtMost(2, "load", urls)
}

// content returns what the requests carry.
func (s *settings) content() ([]byte, error) {
	content := []byte(s.body)
	if name, isFile := strings.CutPrefix(s.body, "@"); isFile {
		var err error
		if content, err = os.ReadFile(name); err != nil {
			return nil, fmt.Errorf("load: %w", err)
		}
	}
	if s.size < 0 || max(s.size, len(content)) > mostContent {
		return nil, fmt.Errorf("load: the content may have up to %d bytes", mostContent)
	}
	if s.size > 0 {
		content = bytes.Repeat([]byte("x"), s.size)
	}
	return content, nil
}

// A target is one of the servers, and what came of it.
type target struct {
	name    string // A or B, or "" if there is one only
	url     string
	options Options
	slices  []*Result
}

// target prepares one of the servers.
func (s *settings) target(ctx context.Context, text string) (*target, error) {
	u, err := parseTarget(text)
	if err != nil {
		return nil, err
	}
	content, err := s.content()
	if err != nil {
		return nil, err
	}
	if s.method == "" {
		s.method = "GET"
		if len(content) > 0 {
			s.method = "POST"
		}
	}
	request, err := NewRequest(s.method, u, s.fields, content, !s.close)
	if err != nil {
		return nil, err
	}
	short, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	d, err := newDialer(short, u, s.mine, s.insecure)
	if err != nil {
		return nil, err
	}
	o := Options{
		Request: request, Rate: s.rate, Conns: s.conns, Duration: s.duration, Requests: s.requests,
		Pipeline: s.pipeline, Close: s.close, Timeout: s.timeout, Dial: d.dial,
	}
	return &target{url: u.String(), options: o}, o.check()
}

// Main runs the command load and returns its exit status: 1 if a request failed
// or nothing could be measured.
func Main(ctx context.Context, w *workshop.Workshop, args []string) int {
	s, err := parse(args)
	if err != nil {
		return w.Fail(workshop.Usage, err)
	}
	var targets []*target
	for _, text := range s.urls {
		t, err := s.target(ctx, text)
		if err != nil {
			return w.Fail(workshop.Usage, err)
		}
		targets = append(targets, t)
	}
	show := &progressWriter{w: w.Err, rewrite: term.IsTerminal(int(os.Stderr.Fd()))}
	err = s.measure(ctx, targets, show)
	show.clear()
	if len(targets[len(targets)-1].slices) == 0 {
		return w.Fail(workshop.Red, err)
	}
	w.Lines(s.report(targets)...)
	if err != nil {
		return w.Fail(workshop.Red, err) // a later slice could not be run
	}
	if s.json != "" {
		if err := s.writeJSON(targets); err != nil {
			return w.Fail(workshop.Red, err)
		}
	}
	return s.status(targets)
}

// measure runs all that is to be run: one server once, two in turn.
func (s *settings) measure(ctx context.Context, targets []*target, show *progressWriter) error {
	slices := 1
	if len(targets) == 2 {
		slices = s.slices
		targets[0].name, targets[1].name = "A", "B"
	}
	for i := range slices {
		for _, t := range targets {
			switch {
			case ctx.Err() != nil && len(t.slices) == 0:
				return errors.New("load: interrupted before there was anything to report")
			case ctx.Err() != nil:
				return nil
			}
			o := t.options
			o.Duration /= time.Duration(slices)
			o.Requests /= slices
			if t.name != "" {
				show.prefix = fmt.Sprintf("%s %d/%d  ", t.name, i+1, slices)
			}
			o.Watch = show.show
			r, err := Run(ctx, o)
			if err != nil {
				return err
			}
			t.slices = append(t.slices, r)
		}
	}
	return nil
}

// sum returns what came of all slices together.
func (t *target) sum() *Result {
	all := new(Result)
	for _, r := range t.slices {
		all.Add(r)
	}
	return all
}

// status returns what to exit with.
func (s *settings) status(targets []*target) int {
	for _, t := range targets {
		if sum := t.sum(); sum.answered == 0 || sum.Failed() > 0 && !s.allowErrors {
			return workshop.Red
		}
	}
	return workshop.Green
}
