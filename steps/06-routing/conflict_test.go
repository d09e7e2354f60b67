package router_test

import (
	"fmt"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"barewire/checker/testkit"
	router "barewire/steps/06-routing"
)

func TestTask5_Conflict(t *testing.T) {
	for _, row := range []struct{ name, first, second, why string }{
		{"the same pattern twice", "GET /a", "GET /a", "one of the two would never be called"},
		{"names do not tell patterns apart", "GET /users/{id}", "GET /users/{name}", "both are for exactly the same requests"},
		{"names deep in a pattern", "GET /{a}/x/{b...}", "GET /{c}/x/{d...}", "both are for exactly the same requests"},
		{"a slash at the end is a rest", "GET /img/", "GET /img/{path...}", "both are for exactly the same requests"},
		{"two spellings of a literal", "GET /%61", "GET /a", "both are decoded before they are compared"},
		{"a star is no method", "* /a", "/a", "both are for any method"},
		{"the end twice", "GET /{$}", "GET /{$}", "one of the two would never be called"},
		{"hosts have no case", "example.org/", "EXAMPLE.org/", "hosts are compared without regard to case"},
	} {
		t.Run(row.name, func(t *testing.T) {
			r := new(router.Router)
			_, _, line, _ := runtime.Caller(0)
			r.HandleFunc(row.first, says(row.first))
			said := panics(func() { r.HandleFunc(row.second, says(row.second)) })
			want := []string{fmt.Sprintf("%q", row.first), fmt.Sprintf("%q", row.second), fmt.Sprintf("conflict_test.go:%d", line+1), fmt.Sprintf("conflict_test.go:%d", line+2)}
			for _, w := range want {
				if !strings.Contains(said, w) {
					if said == "" {
						said = "no panic"
					}
					testkit.Report{Sent: row.first + "\n" + row.second, Want: "a panic that names both patterns and both calls: " + strings.Join(want, ", "), Got: said, Why: row.why}.Fatal(t)
				}
			}
		})
	}
}

func TestTask5_NoConflict(t *testing.T) {
	run(t, []row{
		{"another method", "the method tells them apart",
			[]string{"GET /a", "POST /a", "GET /b"}, "GET /b", "200 GET /b"},
		{"one method and any", "the one with the method is more specific",
			[]string{"GET /a", "/a", "GET /b"}, "GET /b", "200 GET /b"},
		{"text and a name", "text is more specific",
			[]string{"GET /a/{x}", "GET /{x}/b", "GET /a/b"}, "GET /a/b", "200 GET /a/b"},
		{"with a slash and without", "/a and /a/ are two paths",
			[]string{"GET /a", "GET /a/", "GET /a/{$}"}, "GET /a", "200 GET /a"},
		{"another case", "paths have case",
			[]string{"GET /a", "GET /A"}, "GET /A", "200 GET /A"},
		{"a name where another route has a rest", "one segment is more specific",
			[]string{"GET /{x}", "GET /{x...}"}, "GET /a", "200 GET /{x} x=a"},
	})
}

func TestTask5_CallSite(t *testing.T) {
	site := regexp.MustCompile(`[^ "]+\.go:\d+`)
	for _, row := range []struct {
		name, want string
		call       func(r *router.Router)
	}{
		{"a wrong pattern names its call", "", func(r *router.Router) { r.HandleFunc("GET /{", says("")) }},
		{"a missing handler names its call", "", func(r *router.Router) { r.Handle("GET /a", nil) }},
	} {
		t.Run(row.name, func(t *testing.T) {
			said := panics(func() { row.call(new(router.Router)) })
			got := site.FindString(said)
			if !strings.Contains(got, "conflict_test.go:") {
				if said == "" {
					said = "no panic"
				}
				testkit.Report{Doing: "a program makes a mistake in a call of HandleFunc or Handle: " + row.name, Want: "a panic that names a line of conflict_test.go", Got: said,
					Why: "the stack of a panic is long, and the line that matters is the one of the program"}.Error(t)
			}
		})
	}
}
