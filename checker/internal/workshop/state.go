package workshop

import (
	"encoding/json"
	"os"
	"path/filepath"
)

// StateDir is the folder below the root for what is remembered; git ignores it.
const StateDir = ".barewire"

// A State is what one command leaves for the next. Losing it costs the learner
// nothing but convenience.
type State struct {
	Step     int                // the step of the last run
	Raced    int                // the same, if that was red and the race detector watched
	Failures map[string]Failure // the first red test of each task when it last ran
	Hints    map[string]Hinted  // the hints that were shown, by task
}

// A Failure is a red test and what it said.
type Failure struct{ Test, Said string }

// Hinted is how far the hints of one task were shown.
type Hinted struct {
	Failure string // the first red test then
	Kind    string // the kind of failure that they were for, or ""
	Level   int    // the last hint shown, 1 to 3
}

// State reads what is remembered. What cannot be read is forgotten.
func (w *Workshop) State() *State {
	s := &State{}
	text, err := os.ReadFile(w.statePath())
	if err != nil || json.Unmarshal(text, s) != nil {
		s = &State{}
	}
	if s.Failures == nil {
		s.Failures = make(map[string]Failure)
	}
	if s.Hints == nil {
		s.Hints = make(map[string]Hinted)
	}
	return s
}

// Save remembers s.
func (w *Workshop) Save(s *State) error {
	text, err := json.MarshalIndent(s, "", "\t")
	if err != nil {
		return err
	}
	path := w.statePath()
	if old, err := os.ReadFile(path); err == nil && string(old) == string(text) {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return err
	}
	// Two commands may run at once: neither may read half a file.
	temp := path + ".new"
	if err := os.WriteFile(temp, text, 0o666); err != nil {
		return err
	}
	return os.Rename(temp, path)
}

func (w *Workshop) statePath() string {
	return filepath.Join(w.Root, StateDir, "state.json")
}
