package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"sync"

	"barewire/checker/grader/convert"
	"barewire/checker/grader/intake"
	"barewire/checker/grader/policy"
	"barewire/checker/grader/result"
	"barewire/checker/internal/show"
)

// site writes results.json and the pages. Reports of those who are no longer in the
// class are removed.
func site(doc *result.Document, out string, similar []convert.Pair) error {
	if err := doc.WriteFile(filepath.Join(out, resultsFile)); err != nil {
		return err
	}
	return pages(doc, out, similar)
}

func pages(doc *result.Document, out string, similar []convert.Pair) error {
	files, err := convert.Site(doc, similar)
	if err != nil {
		return err
	}
	for name, text := range files {
		full := filepath.Join(out, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(full), 0o777); err != nil {
			return err
		}
		if err := os.WriteFile(full, text, 0o666); err != nil {
			return err
		}
	}
	for _, dir := range []string{"reports", "instructor"} {
		old, err := filepath.Glob(filepath.Join(out, dir, "*.html"))
		if err != nil {
			return err
		}
		for _, name := range old {
			if files[dir+"/"+filepath.Base(name)] == nil {
				if err := os.Remove(name); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// compare looks for submissions that are alike, and adds what it finds to the document,
// for the instructor.
func (g *grading) compare(ctx context.Context, doc *result.Document) error {
	if len(g.all) < 2 {
		return nil
	}
	corpus, err := policy.NewCorpus(g.w.Root)
	if err != nil {
		return err
	}
	class := policy.NewClass(corpus)
	work, failed := make(chan intake.Submission), make(chan error, 1)
	var all sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		all.Go(func() {
			for s := range work {
				s, err := s.Load(ctx)
				if err != nil {
					select {
					case failed <- err:
					default:
					}
				} else if s.Err == nil {
					class.Add(s, policy.NewPrint(s.Steps))
				}
			}
		})
	}
	for _, s := range g.all {
		work <- s
	}
	close(work)
	all.Wait()
	select {
	case err := <-failed:
		return err
	default:
	}
	similar, err := class.Compare(ctx)
	if err != nil {
		return err
	}
	findings := similar.Findings()
	for i := range doc.Submissions {
		s := &doc.Submissions[i]
		s.Findings = append(s.Findings, findings[s.ID]...)
		s.Clean()
	}
	g.similar = nil
	for _, p := range similar.Pairs {
		var steps []string
		for _, n := range p.Steps {
			steps = append(steps, fmt.Sprint(n))
		}
		note := "step "
		if len(steps) > 1 {
			note = "steps "
		}
		g.similar = append(g.similar, convert.Pair{A: result.Visible(p.A), B: result.Visible(p.B), Score: p.Share, Note: note + show.List(steps)})
	}
	return nil
}
