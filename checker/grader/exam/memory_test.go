package exam

import (
	"testing"

	"barewire/checker/grader/result"
)

// What was right for one submission is right for the next, and nothing else is.
func TestMemory(t *testing.T) {
	m := NewMemory()
	asked := m.key("2.1/tokens", "f", []byte("1"), [2]int{})
	for name, other := range map[string]uint64{
		"another check":    m.key("2.1/other", "f", []byte("1"), [2]int{}),
		"another function": m.key("2.1/tokens", "g", []byte("1"), [2]int{}),
		"another argument": m.key("2.1/tokens", "f", []byte("2"), [2]int{}),
		"another offset":   m.key("2.1/tokens", "f", []byte("1"), [2]int{3, 4}),
	} {
		m.add(asked, []byte(`"right"`))
		if m.right(other, []byte(`"right"`)) {
			t.Errorf("%s is taken for the same", name)
		}
	}
	if !m.right(asked, []byte(`"right"`)) || m.right(asked, []byte(`"wrong"`)) {
		t.Error("it forgets what is right, or takes what is wrong")
	}
	for _, answer := range []string{"a", "b", "c", "d", "e"} {
		m.add(asked, []byte(answer))
	}
	if !m.right(asked, []byte(`"right"`)) {
		t.Error("many right answers drive out the first")
	}
	var none *Memory
	none.add(asked, nil)
	if none.right(none.key("", "", nil, [2]int{}), nil) {
		t.Error("nil remembers")
	}
}

// An exam has the same result with what is known from others as without.
func TestMemory_exam(t *testing.T) {
	program := build(t, nil)
	m := NewMemory()
	exam := func(start Driver, want result.Outcome) {
		t.Helper()
		results, err := Run(t.Context(), Config{Seed: 7, Steps: []int{2, 4}, Start: start, Memory: m, Only: []string{"2.1/tokens", "2.2/versions", "4.2/answers", "4.4/pipeline"}})
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range results {
			if r.Outcome != want && (want == result.Passed || r.Outcome == result.Passed) {
				t.Errorf("want %s\n%s", want, report([]Result{r}))
			}
		}
	}
	exam(plain(program), result.Passed)
	answers, talks := len(m.answers), len(m.talks)
	if answers == 0 || talks == 0 {
		t.Fatalf("%d answers and %d talks are known", answers, talks)
	}
	exam(plain(program), result.Passed)
	exam(lies(always(`{}`)), result.Failed)
	if len(m.answers) != answers || len(m.talks) != talks {
		t.Errorf("%d answers and %d talks are known after others have had the same exam, %d and %d before", len(m.answers), len(m.talks), answers, talks)
	}
}
