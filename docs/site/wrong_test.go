package main

import "testing"

// TestParseMistake says that a reader sees the sentences of a wrong program, and not
// what is for the gate.
func TestParseMistake(t *testing.T) {
	const text = "The id is\ntoo short.\n\nred: varies\nends-with: panic\ncaught-by: TestTask3_RequestID/an_id\n-- id.go --\na\n-- with --\nb\n"
	m, err := parseMistake(text)
	if err != nil || m.about != "The id is too short." || m.caughtBy != "TestTask3_RequestID/an_id" || len(m.edits) != 1 {
		t.Errorf("%+v, %v", m, err)
	}
}
