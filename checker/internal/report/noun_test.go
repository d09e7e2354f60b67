package report

import "testing"

func TestNoun(t *testing.T) {
	for name, want := range map[string]string{
		"TestTask2_HostField":         "host field",
		"TestTask2_HTTPDates":         "HTTP dates",
		"TestTask12_ReadURL":          "read URL",
		"FuzzTask1_Parse":             "parse",
		"TestTask3_two_words":         "two words",
		"TestTask3_A":                 "a",
		"ExampleParse":                "Parse",
		"ExampleServer_Serve":         "Server.Serve",
		"ExampleServer_Serve_on_port": "Server.Serve, on port",
		"Example_whole":               "whole",
		"Example":                     "the whole package",
	} {
		if got := noun(name); got != want {
			t.Errorf("noun(%q) = %q, want %q", name, got, want)
		}
	}
}
