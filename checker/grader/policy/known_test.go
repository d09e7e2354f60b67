package policy

import (
	"encoding/base64"
	"encoding/binary"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"
)

// works are the modules whose fingerprints are kept, and the files that matter: those
// that solve what a step asks for.
var works = []struct{ module, version, dir, files string }{
	{"github.com/valyala/fasthttp", "v1.74.0", "", "server.go header.go http.go uri.go args.go cookie.go fs.go workerpool.go"},
	{"github.com/julienschmidt/httprouter", "v1.3.0", "", "router.go tree.go path.go"},
	{"github.com/go-chi/chi/v5", "v5.2.3", "", "tree.go mux.go"},
	{"golang.org/x/time", "v0.13.0", "rate", "rate.go"},
}

func TestKnown(t *testing.T) {
	if os.Getenv("UPDATE") == "1" {
		if err := os.WriteFile("known.txtar", txtar.Format(fingerprintWorks(t)), 0o666); err != nil {
			t.Fatal(err)
		}
		t.Log("known.txtar is written anew; run the test again without UPDATE=1")
		return
	}
	c := &Corpus{given: map[uint32]bool{}, works: map[uint32][]string{}}
	if err := c.addKnown(); err != nil {
		t.Fatal(err)
	}
	has := map[string]int{}
	for _, in := range c.works {
		for _, work := range in {
			has[work]++
		}
	}
	for _, w := range works {
		if name := strings.TrimSuffix(w.module+"/"+w.dir, "/"); has[name] < 100 {
			t.Errorf("%s has %d marks, want at least 100", name, has[name])
		}
	}
}

// fingerprintWorks downloads the works, with the go command, and reads them.
func fingerprintWorks(t *testing.T) *txtar.Archive {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "go.mod"), []byte("module known\n\ngo 1.26\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	archive := &txtar.Archive{Comment: []byte(parameters())}
	for _, w := range works {
		for _, args := range [][]string{{"mod", "download", w.module + "@" + w.version}, {"env", "GOMODCACHE"}} {
			cmd := exec.CommandContext(t.Context(), "go", args...)
			cmd.Dir = dir
			out, err := cmd.Output()
			if err != nil {
				t.Fatalf("go %s: %v", strings.Join(args, " "), err)
			}
			if args[0] == "env" {
				root := filepath.Join(strings.TrimSpace(string(out)), filepath.FromSlash(w.module)+"@"+w.version, w.dir)
				archive.Files = append(archive.Files, txtar.File{Name: strings.TrimSuffix(w.module+"/"+w.dir, "/"), Data: fingerprint(t, root, strings.Fields(w.files))})
			}
		}
	}
	return archive
}

func fingerprint(t *testing.T, dir string, files []string) []byte {
	var all []uint32
	for _, file := range files {
		text, err := os.ReadFile(filepath.Join(dir, file))
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range marks(text) {
			all = append(all, m.hash)
		}
	}
	slices.Sort(all)
	var raw []byte
	for _, h := range slices.Compact(all) {
		raw = binary.LittleEndian.AppendUint32(raw, h)
	}
	text := base64.StdEncoding.EncodeToString(raw)
	var lines []byte
	for len(text) > 0 {
		n := min(len(text), 120)
		lines = append(append(lines, text[:n]...), '\n')
		text = text[n:]
	}
	return lines
}
