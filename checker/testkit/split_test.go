package testkit_test

import (
	"slices"
	"testing"

	"barewire/checker/testkit"

	"github.com/google/go-cmp/cmp"
)

func TestSplits(t *testing.T) {
	type split struct {
		Name   string
		Pieces []string
	}
	tests := []struct {
		input string
		want  []split
	}{
		{"", []split{{"whole", []string{""}}, {"one byte at a time", []string{}}}},
		{"a", []split{{"whole", []string{"a"}}, {"one byte at a time", []string{"a"}}}},
		{"a\r\n", []split{
			{"whole", []string{"a\r\n"}},
			{"one byte at a time", []string{"a", "\r", "\n"}},
			{"cut after byte 1", []string{"a", "\r\n"}},
			{"cut after byte 2", []string{"a\r", "\n"}},
		}},
		{"é", []split{ // bytes, not runes
			{"whole", []string{"é"}},
			{"one byte at a time", []string{"\xc3", "\xa9"}},
			{"cut after byte 1", []string{"\xc3", "\xa9"}},
		}},
	}
	for _, tt := range tests {
		t.Run(tt.input, func(t *testing.T) {
			var got []split
			for name, pieces := range testkit.Splits(tt.input) {
				got = append(got, split{name, pieces})
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("Splits(%q) (-want +got):\n%s", tt.input, diff)
			}
		})
	}
}

func TestSplitsStopsEarly(t *testing.T) {
	for stop := range 4 {
		var names []string
		for name := range testkit.Splits("abc") {
			names = append(names, name)
			if len(names) > stop {
				break
			}
		}
		want := []string{"whole", "one byte at a time", "cut after byte 1", "cut after byte 2"}[:stop+1]
		if !slices.Equal(names, want) {
			t.Errorf("names = %q, want %q", names, want)
		}
	}
}
