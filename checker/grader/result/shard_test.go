package result_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"barewire/checker/grader/result"

	"github.com/google/go-cmp/cmp"
)

// shards cuts the small class in two: ana and cem, ben.
func shards() []result.Shard {
	doc := *document()
	doc.Submissions = nil
	class := result.Class([]string{"ana", "ben", "cem"})
	return []result.Shard{
		{Index: 0, Count: 2, Class: class, IDs: []string{"ana", "cem"}, Document: doc},
		{Index: 1, Count: 2, Class: class, IDs: []string{"ben"}, Document: doc},
	}
}

// grade writes the files of the shards, each changed by a function.
func grade(t *testing.T, change func(*result.Shard)) []string {
	t.Helper()
	dir := t.TempDir()
	var paths []string
	for i, shard := range shards() {
		change(&shard)
		path := filepath.Join(dir, fmt.Sprintf("shard-%d.jsonl", i))
		log, _, _, err := result.OpenLog(path, shard)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range document().Submissions {
			if slices.Contains(shard.IDs, s.ID) {
				if err := log.Append(s); err != nil {
					t.Fatal(err)
				}
			}
		}
		if err := log.Close(); err != nil {
			t.Fatal(err)
		}
		paths = append(paths, path)
	}
	return paths
}

func TestMerge(t *testing.T) {
	paths := grade(t, func(*result.Shard) {})
	slices.Reverse(paths)
	got, notes, err := result.Merge(paths)
	if err != nil || len(notes) > 0 {
		t.Fatal(err, notes)
	}
	want := document()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("merged (-want +got):\n%s", diff)
	}
}

func TestMerge_Refuses(t *testing.T) {
	second := func(change func(s *result.Shard)) func(*result.Shard) {
		return func(s *result.Shard) {
			if s.Index == 1 {
				change(s)
			}
		}
	}
	all := func(paths []string) []string { return paths }
	same := func(*result.Shard) {}
	for _, test := range []struct {
		name, want string
		change     func(*result.Shard)
		paths      func([]string) []string
	}{
		{"no shards", "there are no shards", same, func([]string) []string { return nil }},
		{"a missing shard", "a part of the class is missing: shard 1 of 0 to 1", same, func(p []string) []string { return p[:1] }},
		{"a shard twice", "shard 0 is in", same, func(p []string) []string { return []string{p[0], p[0]} }},
		{"another seed", "the seeds differ: 9223372036854775808 and 1", second(func(s *result.Shard) { s.Document.Seed = 1 }), all},
		{"another rubric", "the rubrics differ", second(func(s *result.Shard) { s.Document.Rubric.Hash = "def" }), all},
		{"another checker", "the checkers differ: v1 and v2", second(func(s *result.Shard) { s.Document.Checker = "v2" }), all},
		{"another Go", "the versions of Go differ", second(func(s *result.Shard) { s.Document.Go = "go1.27" }), all},
		{"no sandbox there", "the kinds of trust differ", second(func(s *result.Shard) { s.Document.Trusted = true }), all},
		{"another class", "the classes differ", second(func(s *result.Shard) { s.Class = result.Class([]string{"zoe"}) }), all},
		{"another number of shards", "the numbers of shards differ", second(func(s *result.Shard) { s.Count = 3 }), all},
		{"one submission in two shards", `"ana" is in`, second(func(s *result.Shard) { s.IDs = []string{"ana", "ben"} }), all},
		{"a submission in none", "some submissions are in none of them", func(s *result.Shard) { s.Class = result.Class([]string{"ana", "ben", "cem", "dan"}) }, all},
		{"one that is not graded yet", `not graded yet; go on with the shard: "dan" in`, func(s *result.Shard) {
			s.Class = result.Class([]string{"ana", "ben", "cem", "dan"})
			if s.Index == 1 {
				s.IDs = append(s.IDs, "dan")
			}
		}, all},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, _, err := result.Merge(test.paths(grade(t, test.change)))
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("Merge says %v; want %q in it", err, test.want)
			}
		})
	}
}

// TestLog_Torn cuts the file everywhere, as a crash may: what was whole is kept, and
// the shard can be finished.
func TestLog_Torn(t *testing.T) {
	whole, err := os.ReadFile(grade(t, func(*result.Shard) {})[0])
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "shard.jsonl")
	for n := range len(whole) + 1 {
		for _, tail := range []string{"", "\x00\x00\x00"} {
			if n%7 > 0 && whole[max(n-1, 0)] != '\n' && n < len(whole)-1 {
				continue // every seventh place and all ends of lines will do
			}
			if err := os.WriteFile(path, []byte(string(whole[:n])+tail), 0o666); err != nil {
				t.Fatal(err)
			}
			log, done, notes, err := result.OpenLog(path, shards()[0])
			if err != nil {
				t.Fatalf("after %d of %d bytes: %v", n, len(whole), err)
			}
			lines := bytes.Count(whole[:n], []byte("\n"))
			if want := max(lines-1, 0); len(done) != want {
				t.Fatalf("after %d of %d bytes %d submissions are there, want %d", n, len(whole), len(done), want)
			}
			torn := tail != "" || n > 0 && whole[n-1] != '\n'
			if torn != (len(notes) == 1) {
				t.Fatalf("after %d of %d bytes: notes are %q", n, len(whole), notes)
			}
			for _, s := range document().Submissions {
				if s.ID != "ben" && !slices.ContainsFunc(done, func(d result.Submission) bool { return d.ID == s.ID }) {
					if err := log.Append(s); err != nil {
						t.Fatal(err)
					}
				}
			}
			log.Close()
			if got, _ := os.ReadFile(path); !bytes.Equal(got, whole) {
				t.Fatalf("torn after %d of %d bytes and finished, the file is\n%s", n, len(whole), got)
			}
		}
	}
}

func TestLog_Refuses(t *testing.T) {
	path := grade(t, func(*result.Shard) {})[0]
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	lines := bytes.SplitAfter(whole, []byte("\n"))
	other := shards()[0]
	other.Document.Seed = 3
	for _, test := range []struct {
		name, want string
		text       []byte
		shard      result.Shard
	}{
		{"another seed", "the seeds differ", whole, other},
		{"the other shard", "begun for other submissions", whole, shards()[1]},
		{"a torn line in the middle", "line 2: it ends in the middle", slices.Concat(lines[0], lines[1][:30], []byte("\n"), lines[2]), shards()[0]},
		{"an empty line in the middle", "line 2 is empty", slices.Concat(lines[0], []byte("\n"), lines[1]), shards()[0]},
		{"a submission twice", `line 3: "ana" is there a second time`, slices.Concat(lines[0], lines[1], lines[1]), shards()[0]},
		{"a submission of another shard", `line 2: "ben" is not a submission of this shard`,
			slices.Concat(lines[0], bytes.Replace(lines[1], []byte(`"ana"`), []byte(`"ben"`), 1)), shards()[0]},
		{"a file that is something else", "line 1: this is not JSON", []byte("id,score\nana,1\n"), shards()[0]},
	} {
		t.Run(test.name, func(t *testing.T) {
			if err := os.WriteFile(path, test.text, 0o666); err != nil {
				t.Fatal(err)
			}
			if _, _, _, err := result.OpenLog(path, test.shard); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("OpenLog says %v; want %q in it", err, test.want)
			}
			if got, _ := os.ReadFile(path); !bytes.Equal(got, test.text) {
				t.Error("the file that was refused is changed")
			}
		})
	}
}

// TestLog_AfterFault: a fault can be tried again when a grading goes on, and the
// second try counts.
func TestLog_AfterFault(t *testing.T) {
	path := grade(t, func(*result.Shard) {})[0]
	log, _, _, err := result.OpenLog(path, shards()[0])
	if err != nil {
		t.Fatal(err)
	}
	again := document().Submissions[0]
	again.ID = "cem"
	if err := log.Append(again); err != nil {
		t.Fatal(err)
	}
	log.Close()
	_, done, _, err := result.OpenLog(path, shards()[0])
	if err != nil || len(done) != 2 || done[1].Status != result.Graded {
		t.Errorf("after a fault and a second try: %v, %v", done, err)
	}
	if err := log.Append(document().Submissions[1]); err == nil {
		t.Error("a submission of another shard is written")
	}
}

//fuzz:runs 10000
func FuzzOpenLog(f *testing.F) {
	f.Add([]byte(`{"schema":"barewire/shard/v1","count":1,"document":{"schema":"barewire/grade/v1"}}` + "\n{\n"))
	f.Add([]byte("\n\x00"))
	path := filepath.Join(f.TempDir(), "shard.jsonl")
	f.Fuzz(func(t *testing.T, data []byte) {
		if err := os.WriteFile(path, data, 0o666); err != nil {
			t.Fatal(err)
		}
		_, _, _ = result.Merge([]string{path}) // must not panic
	})
}
