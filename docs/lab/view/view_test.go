package view_test

import (
	"encoding/json"
	"strings"
	"testing"

	"barewire/docs/lab/view"
)

type comparison struct {
	Error    string
	Readings [][]struct {
		Start, End int
		Line, Why  string
		Complete   bool
	}
	Difference *struct {
		Offset   int
		Smuggled bool
		By       int
		Line     string
		Words    string
	}
	Strict []struct {
		Complete bool
		Stop     *struct {
			Offset, Status int
			Rule, Msg      string
		}
	}
}

func compare(t *testing.T, text string, left, right int) (c comparison) {
	t.Helper()
	_, result := view.Compare(text, left, right)
	if err := json.Unmarshal(result, &c); err != nil {
		t.Fatalf("%v: %s", err, result)
	}
	return c
}

// TestFamousOnes smuggles GET /admin in every way that the page shows, and sees the
// reference refuse it, or read it as the content that it is.
func TestFamousOnes(t *testing.T) {
	for _, f := range view.FamousOnes {
		t.Run(f.Name, func(t *testing.T) {
			c := compare(t, f.Text, f.Left, f.Right)
			d := c.Difference
			if d == nil || !d.Smuggled || !strings.HasPrefix(d.Line, "GET /admin HTTP/1.1") {
				t.Fatalf("the readers part at %+v, want one that reads GET /admin\n%+v", d, c.Readings)
			}
			refused := c.Strict[0].Stop != nil
			if takes := f.Left == view.Strict; refused == takes {
				t.Errorf("the reference refused: %t\n%+v", refused, c.Strict)
			}
			for i, r := range c.Readings {
				for _, m := range r {
					if !m.Complete {
						t.Errorf("reader %d waits: bytes %d to %d, %.40q, %s", i, m.Start, m.End, m.Line, m.Why)
					}
				}
			}
		})
	}
}

// TestCompare_agree has two readers that do not differ.
func TestCompare_agree(t *testing.T) {
	for _, e := range view.Examples[:4] {
		if c := compare(t, e.Text, view.Strict, 0); c.Difference != nil && !strings.Contains(c.Difference.Words, "stopped") && !strings.Contains(c.Difference.Words, "not read at all") {
			t.Errorf("%s: %+v", e.Name, c.Difference)
		}
	}
}

func TestTake(t *testing.T) {
	for _, e := range view.Examples {
		all, result := view.Take(e.Text)
		var got struct {
			Error    string
			Panic    string
			Spans    []any
			Statuses []int
			Pieces   []int
			Events   []struct{ Kind, Bytes string }
		}
		if err := json.Unmarshal(result, &got); err != nil {
			t.Fatalf("%s: %v: %s", e.Name, err, result)
		}
		sum := 0
		for _, n := range got.Pieces {
			sum += n
		}
		if sum != len(all) {
			t.Errorf("%s: pieces %v of %d bytes", e.Name, got.Pieces, len(all))
		}
		if got.Error != "" || got.Panic != "" || len(got.Spans) == 0 || len(got.Events) == 0 || len(all) == 0 {
			t.Errorf("%s: %s", e.Name, result)
		}
	}
	if _, result := view.Take(`\q`); !strings.Contains(string(result), `"error":"line 1`) {
		t.Errorf("a wrong text: %s", result)
	}
	if !json.Valid(view.Table()) {
		t.Errorf("the table is no JSON: %s", view.Table())
	}
}

func TestFormat(t *testing.T) {
	if got, want := view.Format([]byte("ab\r\nc"), []int{1, 3}, true), "a\n...\nb\\r\\n\n...\nc\nEOF\n"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
