package intake

import (
	"fmt"
	"path"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// countable returns the name of a file in the folder of its step, or why the file does
// not count. rest is its path there.
func countable(step int, rest []string) (name, why string) {
	base := rest[len(rest)-1]
	dir := ""
	switch {
	case strings.HasSuffix(base, "_test.go"):
		return "", "left out, a test: those of the course are used"
	case !strings.HasSuffix(base, ".go"):
		return "", "left out, only Go files count"
	case base[0] == '.' || base[0] == '_':
		return "", "left out, go ignores names that begin with . or _"
	case len(rest) == 2 && step == 10 && rest[0] == "barewire":
		dir = "barewire/"
	case rest[0] == "demo":
		return "", "left out, the program to try a step is not examined"
	case len(rest) > 1:
		return "", "left out, only Go files directly in the folder of a step count"
	}
	if len(base) > 100 {
		return "", "left out, its name is too long"
	}
	return dir + portable(base), ""
}

// portable returns a name for a Go file that every system can hold and that go takes.
// What go reads in a name, such as _linux.go, stays at its end.
func portable(base string) string {
	var b strings.Builder
	for i := 0; i < len(base); {
		r, n := utf8.DecodeRuneInString(base[i:])
		if r == utf8.RuneError || !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("_-.+", r) {
			for _, c := range []byte(base[i : i+n]) {
				fmt.Fprintf(&b, "x%02x", c)
			}
		} else {
			b.WriteRune(r)
		}
		i += n
	}
	name := b.String()
	first, _, _ := strings.Cut(name, ".")
	if r, _ := utf8.DecodeRuneInString(name); slices.Contains(devices, strings.ToLower(first)) || !unicode.IsLetter(r) && !unicode.IsDigit(r) {
		name = "file-" + name
	}
	return name
}

// devices are names that Windows keeps for itself, whatever follows the first dot.
var devices = []string{"con", "prn", "aux", "nul",
	"com0", "com1", "com2", "com3", "com4", "com5", "com6", "com7", "com8", "com9",
	"lpt0", "lpt1", "lpt2", "lpt3", "lpt4", "lpt5", "lpt6", "lpt7", "lpt8", "lpt9"}

// archiveName reports whether a name is that of an archive, of a kind that can be read
// or not.
func archiveName(name string) bool {
	name = strings.ToLower(path.Base(name))
	return slices.ContainsFunc([]string{".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz", ".rar", ".7z", ".gz"}, func(end string) bool {
		return strings.HasSuffix(name, end)
	})
}

// stem returns a name without the ending that says that it is an archive.
func stem(name string) string {
	base := path.Base(name)
	low := strings.ToLower(base)
	for _, end := range []string{".tar.gz", ".tar.bz2", ".tar.xz", ".tgz", ".tar", ".zip", ".rar", ".7z", ".gz"} {
		if strings.HasSuffix(low, end) && len(base) > len(end) {
			return base[:len(base)-len(end)]
		}
	}
	return base
}
