package policy

import (
	"fmt"
	"go/ast"
	"path"
	"slices"
	"strconv"
	"strings"

	"barewire/checker/course"
	"barewire/checker/grader/result"
)

// everywhere lists what any step may import: packages that work on what they are given,
// know nothing of HTTP, and are at hand in any Go program.
var everywhere = []string{
	"bufio", "bytes", "cmp", "container/heap", "container/list", "container/ring", "context",
	"encoding/base32", "encoding/base64", "encoding/binary", "encoding/hex", "encoding/json", "errors", "fmt",
	"hash", "hash/crc32", "hash/fnv", "hash/maphash", "html", "io", "iter", "log", "log/slog",
	"maps", "math", "math/bits", "math/rand", "math/rand/v2", "net/netip", "net/url", "path",
	"regexp", "runtime", "runtime/debug", "slices", "sort", "strconv", "strings", "sync",
	"sync/atomic", "time", "unicode", "unicode/utf16", "unicode/utf8", "unique",
}

// also lists what one step may import beyond that: what the reference does, and what
// another good solution would. Steps 2, 3, 5 and 6 work on bytes, values and tasks that
// they are given, so they need no os, and net only to look at an address (net.ParseIP).
var also = map[int][]string{
	1: {"net", "os"},
	2: {"net"},
	3: {"mime", "net"},
	4: {"net", "os"},
	7: {"compress/flate", "compress/gzip", "compress/zlib", "crypto/hmac", "crypto/md5", "crypto/rand", "crypto/sha1",
		"crypto/sha256", "crypto/sha512", "crypto/subtle", "mime", "net", "os"},
	8: {"crypto/rand", "crypto/sha256", "net"},
	9: {"crypto/md5", "crypto/rand", "crypto/sha1", "crypto/sha256", "html/template", "io/fs", "mime", "net", "os", "path/filepath",
		"syscall", "text/template"}, // syscall for the errors of the file system
	10: {"compress/gzip", "crypto/rand", "crypto/sha256", "crypto/subtle", "crypto/tls", "crypto/x509", "encoding/pem", "io/fs", "mime",
		"net", "os", "os/signal", "path/filepath", "reflect", "runtime/metrics", "syscall"}, // syscall for the listener
}

// command lists what the command barewire of step 10 may import beyond the step itself.
// With os/exec it may start its successor.
var command = []string{"flag", "os/exec", "text/tabwriter"}

// stands lists the earlier steps that a step may import; what is true of them holds for
// the steps after them.
var stands = map[int][]int{
	3: {2}, 4: {2, 3}, 6: {2, 3, 4}, 7: {2, 3, 4}, 8: {2, 3, 4, 7}, 9: {2, 3, 4},
	10: {1, 2, 3, 4, 5, 6, 7, 8, 9},
}

// words say why packages are refused that a student may well think of. The first that
// is the package, or a folder above it, counts.
var words = []struct{ pkg, why string }{
	{"C", "the steps are Go only, without C"},
	{"unsafe", "it goes around what Go promises about memory, and no step needs it"},
	{"net/http", "it is the server that this course builds: write that yourself"},
	{"expvar", "it brings net/http with it, which is the server that this course builds"},
	{"net/rpc", "it brings net/http with it, which is the server that this course builds"},
	{"net/textproto", "it reads header fields, and to read them is what step 3 is about"},
	{"net/mail", "it reads header fields, and to read them is what step 3 is about"},
	{"mime/multipart", "it reads header fields, and to read them is what step 3 is about"},
	{"os/exec", "only the command barewire of step 10 may start a program"},
	{"plugin", "no step loads other code while it runs"},
	{"embed", "the steps are graded without any file but their Go files"},
	{"testing", "it belongs in files whose names end in _test.go, which are not graded"},
	{"barewire/solutions", "the reference may be read, but a step stands on the steps that you wrote: import barewire/steps/… instead"},
	{"barewire/checker", "the checker is no part of a solution"},
}

// refused says why the step may not import a package, or "" if it may.
func (l *look) refused(name string, isCommand bool) string {
	n := l.step.Number
	if slices.Contains(everywhere, name) || slices.Contains(also[n], name) || isCommand && slices.Contains(command, name) {
		return ""
	}
	if slices.Contains(l.also, name) && name != "C" && name != "unsafe" && !strings.HasPrefix(name, "barewire") {
		return ""
	}
	if dir, ok := strings.CutPrefix(name, "barewire/steps/"); ok {
		return l.refusedStep(dir, isCommand)
	}
	for _, w := range words {
		if name == w.pkg || strings.HasPrefix(name, w.pkg+"/") {
			return w.why
		}
	}
	top, _, _ := strings.Cut(name, "/")
	switch {
	case strings.HasPrefix(name, "."):
		return "write the whole path, such as barewire/steps/02-request-line"
	case strings.Contains(top, "."):
		return "there is nothing but the standard library here"
	case slices.Contains([]string{"net", "os", "syscall", "os/signal", "io/fs", "path/filepath"}, name):
		return fmt.Sprintf("step %d, %s, works on what it is given, and needs no %s", n, l.step.Title, name)
	}
	return fmt.Sprintf("it is not among what step %d may import; if your solution is better with it, ask your instructor", n)
}

// refusedStep says why the step may not import another, whose folder is dir.
func (l *look) refusedStep(dir string, isCommand bool) string {
	i := slices.IndexFunc(l.course.Steps, func(s course.Step) bool { return s.Dir == dir })
	if i < 0 {
		return "no package that is graded has this path: the steps are " + l.course.Steps[0].Dir + " and so on, and nothing in their folders"
	}
	other, n := l.course.Steps[i].Number, l.step.Number
	switch {
	case slices.Contains(stands[n], other), isCommand && other == n:
		return ""
	case other == n:
		return "a step cannot import itself"
	case other > n:
		return fmt.Sprintf("step %d is later than step %d; a step imports earlier ones only", other, n)
	case len(stands[n]) == 0:
		return fmt.Sprintf("step %d stands alone, so that it can be done without step %d", n, other)
	}
	return fmt.Sprintf("step %d stands on %s; with step %d too, it could not be done before that", n, list(stands[n]), other)
}

// calls looks at what is used of os and syscall: a file that is made of a number may be
// one of the driver's, and whoever writes to that speaks to the exam in its place. In
// step 10, which may do that to its own connections, the instructor is told to look.
func (l *look) calls(f *ast.File) {
	if path.Dir(l.file.Name) != "." {
		return // the command, which takes over its listener so; it is not examined
	}
	names := make(map[string]string)
	for _, spec := range f.Imports {
		name, err := strconv.Unquote(spec.Path.Value)
		if err != nil || name != "os" && name != "syscall" {
			continue
		}
		as := name
		if spec.Name != nil {
			as = spec.Name.Name
		}
		if as == "." && !slices.Contains(l.also, name) {
			l.add(result.Policy, spec.Pos(), "import . %q hides what is used of it: leave out the dot", name)
		}
		names[as] = name
	}
	if len(names) == 0 {
		return
	}
	ast.Inspect(f, func(n ast.Node) bool {
		sel, ok := n.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		pkg, ok := sel.X.(*ast.Ident)
		if !ok || !ofNumbers(names[pkg.Name], sel.Sel.Name) {
			return true
		}
		what := names[pkg.Name] + "." + sel.Sel.Name
		switch {
		case slices.Contains(l.also, what) || slices.Contains(l.also, names[pkg.Name]) && what != "os.NewFile":
		case l.step.Number < 10:
			l.add(result.Policy, sel.Pos(), "%s takes the number of a file or a socket, which may be somebody else's: use what os and net have opened", what)
		case !l.flagged:
			l.flagged = true
			l.add(result.Review, sel.Pos(), "%s takes the number of a file or a socket: look whether all of those in this step are its own", what)
		}
		return true
	})
}

// ofNumbers reports whether something of os or syscall works on the numbers of files, or
// on less. What has only capitals is a constant, and the others here are harmless.
func ofNumbers(pkg, name string) bool {
	switch pkg {
	case "os":
		return name == "NewFile"
	case "syscall":
		return strings.ToUpper(name) != name && !slices.Contains([]string{"Errno", "Signal", "Stat_t", "Stat", "Lstat", "Timespec", "Timeval",
			"Conn", "RawConn", "Getrlimit", "Rlimit", "Getpid", "Kill", "Umask"}, name)
	}
	return false
}

// list writes steps in words: "steps 2, 3 and 4".
func list(steps []int) string {
	var text strings.Builder
	for i, n := range steps {
		switch {
		case i == 0 && len(steps) > 1:
			text.WriteString("steps ")
		case i == 0:
			text.WriteString("step ")
		case i == len(steps)-1:
			text.WriteString(" and ")
		default:
			text.WriteString(", ")
		}
		fmt.Fprint(&text, n)
	}
	return text.String()
}
