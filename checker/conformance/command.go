package conformance

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"barewire/checker/conformance/cases"
	"barewire/checker/internal/workshop"
	"barewire/checker/testkit"
)

// A column is a server and how it has done.
type column struct {
	name   string
	addr   string
	strict bool     // it answers as the target does
	wrong  []string // by case: what is wrong with it, or ""
}

// Main is the command conformance: it sends the collection to servers and prints how
// they have done, by section and verb. Without -addr it starts the reference and
// net/http.
func Main(ctx context.Context, w *workshop.Workshop, args []string) int {
	flags := flag.NewFlagSet("conformance", flag.ContinueOnError)
	addr := flags.String("addr", "", "send it to the server at this `host:port`, which must be yours")
	only := flags.String("only", "", "cases whose group or name matches this `regexp`")
	all := flags.Bool("peers", false, "compare with servers outside of Go's library too, which are downloaded")
	markdown := flags.Bool("markdown", false, "print the table in Markdown, for docs/conformance.md")
	verbose := flags.Bool("v", false, "show what was sent, wanted and got for each case that failed")
	names, err := workshop.Parse(flags, args)
	if err == nil {
		err = workshop.AtMost(0, "conformance", names)
	}
	pattern, bad := regexp.Compile(*only)
	collection, broken := cases.Load()
	if err = errors.Join(err, bad, broken); err != nil {
		return w.Fail(workshop.Usage, err)
	}
	collection = slices.DeleteFunc(collection, func(c cases.Case) bool { return !pattern.MatchString(c.Group + ": " + c.Name) })
	if len(collection) == 0 {
		return w.Fail(workshop.Usage, fmt.Errorf("conformance: no case matches %q", *only))
	}
	columns := []*column{{name: *addr, addr: *addr}}
	if *addr == "" {
		var stop func()
		if columns, stop, err = targets(ctx, w, *all); err != nil {
			return w.Fail(workshop.Red, err)
		}
		defer stop()
	}
	for _, c := range columns {
		c.wrong = TryAll(ctx, c.addr, collection, c.strict)
	}
	rows := table(collection, columns)
	if *markdown {
		w.Printf("%s", rows.markdown(columns))
		return workshop.Green
	}
	w.Printf("%s", rows.text(columns))
	if *addr != "" && slices.Contains(columns[0].wrong, NoFile) {
		w.Printf("\nWhat needs a file was not run. Serve it at %s, made with\n  seq -f %%09.0f 0 10 990 >file; touch -d '2024-05-01 12:00:00 UTC' file\n", cases.FilePath)
	}
	failed := failures(collection, columns[0], *verbose)
	w.Printf("%s", failed)
	if failed != "" {
		return workshop.Red
	}
	return workshop.Green
}

// A peer is a server that this repository can build.
type peer struct {
	name      string
	module    string   // its folder
	pkg       string   // in that
	args      []string // besides -addr
	strict    bool
	elsewhere bool // it needs more than the root module
}

var peers = []peer{
	{name: "barewire", pkg: "./checker/conformance/target", args: []string{"-impl", "barewire"}, strict: true},
	{name: "net/http", pkg: "./checker/conformance/target", args: []string{"-impl", "net/http"}},
	{name: "fasthttp", module: "checker/peers", pkg: "./fasthttp", elsewhere: true},
}

// targets builds and starts the servers that are compared.
func targets(ctx context.Context, w *workshop.Workshop, all bool) (columns []*column, stop func(), err error) {
	dir, err := os.MkdirTemp("", "barewire-conformance-")
	if err != nil {
		return nil, nil, err
	}
	if err := WriteFile(dir); err != nil {
		os.RemoveAll(dir)
		return nil, nil, err
	}
	var running []*exec.Cmd
	stop = func() {
		for _, cmd := range running {
			cmd.Process.Kill()
			cmd.Wait()
		}
		os.RemoveAll(dir)
	}
	for i, p := range peers {
		if p.elsewhere && !all {
			continue
		}
		program := filepath.Join(dir, fmt.Sprint("peer", i))
		build := exec.CommandContext(ctx, "go", "build", "-o", program, p.pkg)
		build.Dir = filepath.Join(w.Root, filepath.FromSlash(p.module))
		if out, err := build.CombinedOutput(); err != nil {
			stop()
			return nil, nil, fmt.Errorf("%s cannot be built: %w\n%s", p.name, err, out)
		}
		cmd := exec.CommandContext(ctx, program, append(slices.Clip(p.args), "-file", dir)...)
		out, err := cmd.StdoutPipe()
		if err == nil {
			err = cmd.Start()
		}
		if err != nil {
			stop()
			return nil, nil, err
		}
		running = append(running, cmd)
		line, err := bufio.NewReader(out).ReadString('\n')
		_, addr, ok := strings.Cut(strings.TrimSpace(line), "http://")
		if err != nil || !ok {
			stop()
			return nil, nil, fmt.Errorf("%s did not start: %q, %v", p.name, line, err)
		}
		columns = append(columns, &column{name: p.name, addr: addr, strict: p.strict})
	}
	return columns, stop, nil
}

// TryAll is Try for all cases, some at a time, as most of the time is spent waiting. It
// returns what is wrong with each, in their order; that is NoFile or NoTag for those
// that this server cannot be asked.
func TryAll(ctx context.Context, addr string, collection []cases.Case, strict bool) []string {
	wrong := make([]string, len(collection))
	slots := make(chan struct{}, 32)
	var all sync.WaitGroup
	server := find(addr)
	for i := range collection {
		c, missing := server.fill(&collection[i])
		if wrong[i] = missing; missing != "" {
			continue
		}
		slots <- struct{}{}
		all.Go(func() {
			defer func() { <-slots }()
			wrong[i] = Try(ctx, addr, c, strict)
		})
	}
	all.Wait()
	return wrong
}

// Try sends one case to the server at addr and says what is wrong with its answer, or
// "". As machines are slow now and then, what is wrong is tried again, with more time.
func Try(ctx context.Context, addr string, c *cases.Case, strict bool) (wrong string) {
	dial := func(ctx context.Context) (net.Conn, error) {
		return (&net.Dialer{Timeout: 5 * time.Second}).DialContext(ctx, "tcp", addr)
	}
	for _, patience := range []time.Duration{1, 3, 8} {
		t := Timing{}.OrDefaults()
		t.Quiet *= patience
		t.Pause *= patience
		x, err := Send(ctx, dial, c, t)
		if err != nil {
			return err.Error()
		}
		if wrong = Judge(c, x, strict); wrong == "" {
			return ""
		}
	}
	return wrong
}

// rows are how many cases there are for each section and verb, and how many of them
// each server has passed. Behind them are the sums.
type rows []row

type row struct {
	section, verb string
	total         int
	passed        []int
	sum           bool
}

// table counts the cases of each section and verb.
func table(collection []cases.Case, columns []*column) rows {
	var all rows
	count := func(sum bool, section, verb string, belongs func(*cases.Case) bool) {
		r := row{section: section, verb: verb, passed: make([]int, len(columns)), sum: sum}
		for i := range collection {
			if !belongs(&collection[i]) {
				continue
			}
			r.total++
			for k, c := range columns {
				if c.wrong[i] == "" {
					r.passed[k]++
				}
			}
		}
		all = append(all, r)
	}
	var keys [][2]string
	for i := range collection {
		keys = append(keys, [2]string{collection[i].Section, collection[i].Verb})
	}
	slices.SortFunc(keys, func(a, b [2]string) int { return slices.Compare(a[:], b[:]) })
	for _, k := range slices.Compact(keys) {
		count(false, k[0], k[1], func(c *cases.Case) bool { return c.Section == k[0] && c.Verb == k[1] })
	}
	for _, verb := range []string{"MUST", "SHOULD", "MAY"} {
		count(true, "all", verb, func(c *cases.Case) bool { return c.Verb == verb })
	}
	count(true, "all", "", func(*cases.Case) bool { return true })
	missing := row{section: "not run", sum: true}
	for _, c := range columns {
		n := 0
		for _, wrong := range c.wrong {
			if notRun(wrong) {
				n++
			}
		}
		missing.passed = append(missing.passed, n)
	}
	if slices.Max(missing.passed) > 0 {
		all = append(all, missing)
	}
	return all
}

// cases returns how many there are; a row of what was not run has none.
func (r row) cases() string {
	if r.total == 0 {
		return ""
	}
	return strconv.Itoa(r.total)
}

// text lays the rows out for a terminal.
func (all rows) text(columns []*column) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%-34s %-7s %5s", "section", "", "cases")
	for _, c := range columns {
		fmt.Fprintf(&b, " %15s", c.name)
	}
	b.WriteString("\n")
	for i, r := range all {
		if r.sum && !all[i-1].sum {
			b.WriteString("\n")
		}
		fmt.Fprintf(&b, "%-34s %-7s %5s", r.section, r.verb, r.cases())
		for _, n := range r.passed {
			fmt.Fprintf(&b, " %15d", n)
		}
		b.WriteString("\n")
	}
	return b.String()
}

// intro stands before the table on its page.
const intro = `# Conformance

Several hundred requests, most of them odd or hostile, and what servers answer to them. Each case names the section of the RFC that decides it and how much that section asks;
it is passed if the answer, and what becomes of the connection, are among those that the section allows. Where several are allowed the reference gives the strictest, or the case says why not.
Cases that need what a server does not have are not run and not passed: fasthttp gives files no ETag. The cases are in [checker/conformance/cases](../checker/conformance/cases), as text to read.

"go tool checker conformance -v" shows the cases that a server has failed; with "-addr 127.0.0.1:8080" it asks yours. Cases of conditions and ranges need a certain file there, at "/file": it says how to make it, and does not run them without. This page was written by "go tool checker conformance -peers -markdown".

`

// markdown lays the rows out for a page.
func (all rows) markdown(columns []*column) string {
	var b strings.Builder
	b.WriteString(strings.ReplaceAll(intro, `"`, "`"))
	b.WriteString("| section | verb | cases |")
	line := "|---|---|---:|"
	for _, c := range columns {
		fmt.Fprintf(&b, " %s |", c.name)
		line += "---:|"
	}
	b.WriteString("\n" + line + "\n")
	for _, r := range all {
		bold := ""
		if r.sum {
			bold = "**"
		}
		fmt.Fprintf(&b, "| %s%s%s | %s | %s |", bold, r.section, bold, r.verb, r.cases())
		for _, n := range r.passed {
			fmt.Fprintf(&b, " %d |", n)
		}
		b.WriteString("\n")
	}
	return b.String()
}

// failures lists what a server has got wrong.
func failures(collection []cases.Case, c *column, verbose bool) string {
	var b strings.Builder
	for i := range collection {
		if c.wrong[i] == "" || notRun(c.wrong[i]) && !c.strict {
			continue
		}
		k := &collection[i]
		if !verbose {
			fmt.Fprintf(&b, "\n%s  %s: %s: %s", k.File, k.Group, k.Name, c.wrong[i])
			continue
		}
		var want []string
		for _, a := range k.Want {
			want = append(want, a.String())
		}
		fmt.Fprintf(&b, "\n%s  %s: %s\n%s", k.File, k.Group, k.Name, testkit.Report{
			Sent: k.Sent(), Want: strings.Join(want, ", or "), Got: c.wrong[i], Why: k.Section + " (" + k.Verb + "): " + k.Why})
	}
	if b.Len() > 0 {
		b.WriteString("\n")
	}
	return b.String()
}
