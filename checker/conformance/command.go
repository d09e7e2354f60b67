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
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

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
	verbose := flags.Bool("v", false, "show what was sent, wanted and got for each case that failed")
	names, err := workshop.Parse(flags, args)
	if err == nil && len(names) > 0 {
		err = fmt.Errorf("conformance: %q is left over", names[0])
	}
	pattern, bad := regexp.Compile(*only)
	cases, broken := Load()
	if err = errors.Join(err, bad, broken); err != nil {
		return w.Fail(workshop.Usage, err)
	}
	cases = slices.DeleteFunc(cases, func(c Case) bool { return !pattern.MatchString(c.Group + ": " + c.Name) })
	if len(cases) == 0 {
		return w.Fail(workshop.Usage, fmt.Errorf("conformance: no case matches %q", *only))
	}
	columns := []*column{{name: *addr, addr: *addr}}
	if *addr == "" {
		var stop func()
		if columns, stop, err = targets(ctx, w); err != nil {
			return w.Fail(workshop.Red, err)
		}
		defer stop()
	}
	for _, c := range columns {
		c.wrong = TryAll(ctx, c.addr, cases, c.strict)
	}
	w.Printf("%s", table(cases, columns))
	failed := failures(cases, columns[0], *verbose)
	w.Printf("%s", failed)
	if failed != "" {
		return workshop.Red
	}
	return workshop.Green
}

// targets builds and starts the two servers that are compared.
func targets(ctx context.Context, w *workshop.Workshop) ([]*column, func(), error) {
	dir, err := os.MkdirTemp("", "barewire-conformance-")
	if err != nil {
		return nil, nil, err
	}
	program := dir + "/target"
	build := exec.CommandContext(ctx, "go", "build", "-o", program, "./checker/conformance/target")
	build.Dir = w.Root
	if out, err := build.CombinedOutput(); err != nil {
		os.RemoveAll(dir)
		return nil, nil, fmt.Errorf("the target cannot be built: %w\n%s", err, out)
	}
	var columns []*column
	var running []*exec.Cmd
	stop := func() {
		for _, cmd := range running {
			cmd.Process.Kill()
			cmd.Wait()
		}
		os.RemoveAll(dir)
	}
	for _, name := range []string{"barewire", "net/http"} {
		cmd := exec.CommandContext(ctx, program, "-impl", name)
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
			return nil, nil, fmt.Errorf("%s did not start: %q, %v", name, line, err)
		}
		columns = append(columns, &column{name: name, addr: addr, strict: name == "barewire"})
	}
	return columns, stop, nil
}

// TryAll is Try for all cases, some at a time, as most of the time is spent waiting. It
// returns what is wrong with each, in their order.
func TryAll(ctx context.Context, addr string, cases []Case, strict bool) []string {
	wrong := make([]string, len(cases))
	slots := make(chan struct{}, 32)
	var all sync.WaitGroup
	for i := range cases {
		slots <- struct{}{}
		all.Go(func() {
			defer func() { <-slots }()
			wrong[i] = Try(ctx, addr, &cases[i], strict)
		})
	}
	all.Wait()
	return wrong
}

// Try sends one case to the server at addr and says what is wrong with its answer, or
// "". As machines are slow now and then, what is wrong is tried again, with more time.
func Try(ctx context.Context, addr string, c *Case, strict bool) (wrong string) {
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

// table lays out how many cases each server has passed, by section and verb.
func table(cases []Case, columns []*column) string {
	type row struct{ section, verb string }
	var rows []row
	total := map[row]int{}
	passed := map[row][]int{}
	count := func(r row, i int) {
		if total[r] == 0 {
			rows = append(rows, r)
			passed[r] = make([]int, len(columns))
		}
		total[r]++
		for k, c := range columns {
			if c.wrong[i] == "" {
				passed[r][k]++
			}
		}
	}
	for i := range cases {
		count(row{cases[i].Section, cases[i].Verb}, i)
	}
	slices.SortFunc(rows, func(a, b row) int { return strings.Compare(a.section+a.verb, b.section+b.verb) })
	sections := len(rows)
	for _, verb := range []string{"MUST", "SHOULD", "MAY"} {
		for i := range cases {
			if cases[i].Verb == verb {
				count(row{"all", verb}, i)
			}
		}
	}
	for i := range cases {
		count(row{"all", ""}, i)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%-34s %-7s %5s", "section", "", "cases")
	for _, c := range columns {
		fmt.Fprintf(&b, " %15s", c.name)
	}
	b.WriteString("\n")
	for i, r := range rows {
		if i == sections {
			b.WriteString("\n")
		}
		fmt.Fprintf(&b, "%-34s %-7s %5d", r.section, r.verb, total[r])
		for _, n := range passed[r] {
			fmt.Fprintf(&b, " %15d", n)
		}
		b.WriteString("\n")
	}
	return b.String()
}

// failures lists what a server has got wrong.
func failures(cases []Case, c *column, verbose bool) string {
	var b strings.Builder
	for i := range cases {
		if c.wrong[i] == "" {
			continue
		}
		k := &cases[i]
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
