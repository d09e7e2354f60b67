package main

// A group is a part of the menu.
type group struct {
	title string
	pages []string // sources, in order
}

// menu is every page of the site, in the order in which one reads on.
var menu = []group{
	{"Start", []string{"index.md", "start.md"}},
	{"Course", []string{
		"01-tcp-echo.md", "02-request-line.md", "03-headers-bodies.md", "04-keep-alive.md", "05-thread-pool.md",
		"06-routing.md", "07-middleware.md", "08-rate-limiting.md", "09-static-files.md", "10-production-server.md", "exercises.md",
	}},
	{"Wire lab", []string{"wire-lab.md"}},
	{"Reference", []string{
		"manual.md", "architecture.md", "rfc.md", "bench.md", "conformance.md", "abuse.md", "predecessors.md",
	}},
	{"Instructors", []string{
		"instructors/index.md", "instructors/teaching.md", "instructors/grading.md", "instructors/rubric.md", "instructors/formats.md",
		"instructors/scale.md", "instructors/security.md",
	}},
	{"Maintainers", []string{
		"maintainers/index.md", "maintainers/adding.md", "maintainers/site.md", "maintainers/diagrams.md", "maintainers/releases.md",
	}},
}
