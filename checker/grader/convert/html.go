package convert

import (
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"slices"
	"strings"
	"time"

	"barewire/checker/grader/result"
	"barewire/checker/internal/show"
)

//go:embed page
var pages embed.FS

var (
	style  = asset("page/style.css")
	script = asset("page/sort.js")

	reportPage   = page("page/report.html")
	overviewPage = page("page/overview.html")
)

func asset(name string) string {
	data, err := pages.ReadFile(name)
	if err != nil {
		panic(err) // it is built in
	}
	return string(data)
}

func page(name string) *template.Template {
	return template.Must(template.New("page").Funcs(functions).Parse(asset(name)))
}

// policy is the Content-Security-Policy of a page: its own style, its own script if it
// has one, and nothing else, so that nothing a student wrote could do anything even if
// it came through the escaping.
func policy(scripts ...string) string {
	hash := func(text string) string {
		sum := sha256.Sum256([]byte(text))
		return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
	}
	p := "default-src 'none'; base-uri 'none'; form-action 'none'; style-src " + hash(style)
	for _, s := range scripts {
		p += "; script-src " + hash(s)
	}
	return p
}

// functions are what the pages call. html/template escapes what they return; text and
// line make visible what it would let through.
var functions = template.FuncMap{
	"text":    text,
	"line":    func(s string) string { return line(cut(s, maxTitle)) },
	"some":    func(s string) string { return text(cut(s, maxText)) },
	"upper":   upper,
	"place":   place,
	"few":     func(rows []classRow) []classRow { return rows[:min(len(rows), fewFaults)] },
	"more":    func(rows []classRow) int { return max(len(rows)-fewFaults, 0) },
	"name":    func(s *result.Submission) string { return name(s) },
	"count":   show.Count,
	"points":  points,
	"percent": func(x float64) string { return fmt.Sprintf("%.0f%%", x*100) },
	"add":     func(a, b int) int { return a + b },
	"deref":   func(x *float64) float64 { return *x },
	"bar":     bar,
	"date":    func(t time.Time) string { return t.UTC().Format("2 January 2006, 15:04 UTC") },
	"title": func(s *result.Submission) string {
		if s.Name != "" {
			return line(cut(s.Name, maxTitle))
		}
		return line(cut(s.ID, maxTitle))
	},
	"short": func(s string) string { return head(line(s), 12) },
	"fixed": func(decimals int, x any) string {
		if p, ok := x.(*float64); ok {
			x = *p
		}
		return fmt.Sprintf("%.*f", decimals, x)
	},
	"mark": func(x any) string {
		if p, ok := x.(*float64); ok {
			return result.Number(*p)
		}
		return result.Number(x.(float64))
	},
}

// bar draws a part of a whole. The figures stand beside it in words.
func bar(part, whole float64) template.HTML {
	width := 0.0
	if whole > 0 {
		width = min(max(part/whole, 0), 1) * 100
	}
	return template.HTML(fmt.Sprintf(`<svg class="bar" viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true"><rect class="track" width="100" height="4"/><rect width="%.1f" height="4"/></svg>`, width))
}

// Report returns a page for one submission: it needs no script and asks for nothing.
func Report(d *result.Document, s *result.Submission, who Audience) ([]byte, error) {
	v := look(d, s, who)
	type stepPage struct {
		stepView
		Passed, Shown int
		Perfect       bool
		Failed        []string // the tasks in which a check failed
	}
	data := struct {
		*view
		Doc    *result.Document
		Policy string
		Style  template.CSS
		Full   bool
		Graded bool
		All    []string
		Steps  []stepPage
	}{view: v, Doc: d, Policy: policy(), Style: template.CSS(style), Full: who == Instructor, Graded: s.Status == result.Graded && s.Score != nil, All: append(v.Remarks, v.Notes...)}
	for i := range data.All {
		data.All[i] = upper(data.All[i])
	}
	for _, step := range v.Steps {
		p := stepPage{stepView: step, Passed: step.count(result.Passed), Shown: step.shown()}
		p.Perfect = p.Passed == p.Shown && p.Shown > 0 && step.Note == "" && step.Message == ""
		for _, t := range step.Tasks {
			if slices.ContainsFunc(t.Checks, func(c checkView) bool { return c.Outcome == result.Failed }) {
				p.Failed = append(p.Failed, t.ID)
			}
		}
		data.Steps = append(data.Steps, p)
	}
	var b strings.Builder
	err := reportPage.Execute(&b, data)
	return []byte(b.String()), err
}
