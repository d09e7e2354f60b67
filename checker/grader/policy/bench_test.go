package policy_test

import (
	"archive/zip"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"testing"

	"barewire/checker/grader/intake"
	"barewire/checker/grader/policy"
	"barewire/checker/grader/result"
	"barewire/checker/internal/starter"
)

// BenchmarkClass takes in a class of 1,000 as Canvas packs it, each a zip of the size of the
// reference, and checks, reviews and compares all of them, on all processors.
func BenchmarkClass(b *testing.B) {
	students := 1000
	if testing.Short() {
		students = 50
	}
	name := filepath.Join(b.TempDir(), "submissions.zip")
	if err := writeClass(b, name, students); err != nil {
		b.Fatal(err)
	}
	c := newCorpus(b)
	b.ReportAllocs()
	for b.Loop() {
		subs, err := intake.Open(b.Context(), []string{name}, intake.Options{})
		if err != nil || len(subs) != students {
			b.Fatalf("%d submissions, %v", len(subs), err)
		}
		class := policy.NewClass(c)
		work := make(chan intake.Submission)
		var workers sync.WaitGroup
		for range runtime.GOMAXPROCS(0) {
			workers.Go(func() {
				for s := range work {
					if err := takeIn(b.Context(), c, class, s); err != nil {
						b.Error(err)
					}
				}
			})
		}
		for _, s := range subs {
			work <- s
		}
		close(work)
		workers.Wait()
		similar, err := class.Compare(b.Context())
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(len(similar.Pairs)), "pairs")
	}
}

func takeIn(ctx context.Context, c *policy.Corpus, class *policy.Class, s intake.Submission) error {
	s, err := s.Load(ctx)
	if err != nil || s.Err != nil {
		return fmt.Errorf("%s: %v, %v", s.ID, err, s.Err)
	}
	found, err := policy.Check(s.Steps, nil)
	if wrong := found[10]; len(found) > 1 || len(wrong) > 0 && wrong[0].Kind != result.Review {
		err = errors.Join(err, fmt.Errorf("%v", found))
	}
	if err != nil {
		return fmt.Errorf("%s: %w", s.ID, err)
	}
	p := policy.NewPrint(s.Steps)
	c.Review(p)
	class.Add(s, p)
	return nil
}

// writeClass writes a zip with a zip for each student: the starter, and code of their own.
func writeClass(b *testing.B, name string, students int) error {
	steps := tree(b, "solutions", starter.ToSteps)
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	defer f.Close()
	class := zip.NewWriter(f)
	for i := range students {
		w, err := class.Create(fmt.Sprintf("student%d_%d_%d_barewire.zip", i, 1000+i, 5000+i))
		if err != nil {
			return err
		}
		z := zip.NewWriter(w)
		for n, files := range steps {
			for k, f := range files {
				text := string(f.Content)
				if k > 0 && filepath.Dir(f.Name) == "." && (k+i)%3 == 0 {
					text = "package " + packageOf[n] + ownCode(uint64(i*100 + n*10 + k))[len("package reqline"):]
				}
				w, err := z.Create("barewire-main/" + f.Path)
				if err == nil {
					_, err = w.Write([]byte(text))
				}
				if err != nil {
					return err
				}
			}
		}
		if err := z.Close(); err != nil {
			return err
		}
	}
	return class.Close()
}

var packageOf = []string{"", "echo", "reqline", "message", "keepalive", "pool", "router", "middleware", "ratelimit", "static", "server"}
