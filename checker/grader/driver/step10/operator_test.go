package step10

import (
	"strings"
	"testing"

	"barewire/checker/grader/driver/wire"
)

// What Prometheus would not read, or is not there, has a name; and were it the
// reference's, nobody could be compared with it.
func TestFigures_Fault(t *testing.T) {
	whole := ""
	for _, name := range known(Counted{}) {
		whole += "# HELP " + name + " something\n# TYPE " + name + " gauge\n" + name + " 1\n"
	}
	tests := []struct{ name, text, fault string }{
		{"all of them", whole, ""},
		{"nothing", "", "its last line has no end"},
		{"one is missing", strings.ReplaceAll(whole, "go_goroutines", "go_threads"), "there is no go_goroutines"},
		{"a line of another kind", whole + "hello there, you\n", "a line is neither a sample nor # HELP nor # TYPE"},
		{"a sample of another metric", whole + "barewire_other 1\n", "a sample stands behind no # HELP and # TYPE lines of its metric"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if f := figures(tt.text, Counted{}); f.Fault.Kind != tt.fault || (tt.fault == "") != (len(f.Values) > 0) {
				t.Errorf("%+v, want the fault %q", f, tt.fault)
			}
			wire.OnFault = func(why string) { panic(why) }
			defer func() {
				wire.OnFault = nil
				if got, _ := recover().(string); got != tt.fault {
					t.Errorf("of the reference: %q, want %q", got, tt.fault)
				}
			}()
			figures(tt.text, Counted{})
		})
	}
}
