package convert

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"html/template"
	"slices"
	"strings"

	"barewire/checker/grader/result"
	"barewire/checker/internal/show"
)

const (
	fewHardest = 15
	fewSlowest = 10
	fewFaults  = 10

	fewFindings = 2 // of a submission to review
	maxPairs    = 50
	maxMatrix   = 24 // submissions
)

// A Pair is two submissions that are alike.
type Pair struct {
	A, B  string  // their ids
	Score float64 // 0 to 1
	Note  string  // what is alike
}

// Site returns the files of a folder with everything: index.html, which is the
// overview, a report for each student below reports, and the same with all that
// instructors may see below instructor.
func Site(d *result.Document, similar []Pair) (map[string][]byte, error) {
	files := make(map[string][]byte)
	index, err := Overview(d, similar, func(s *result.Submission) string { return "instructor/" + FileName(s.ID) })
	if err != nil {
		return nil, err
	}
	files["index.html"] = index
	for i := range d.Submissions {
		s := &d.Submissions[i]
		for dir, who := range map[string]Audience{"reports/": Student, "instructor/": Instructor} {
			if files[dir+FileName(s.ID)], err = Report(d, s, who); err != nil {
				return nil, err
			}
		}
	}
	return files, nil
}

// FileName returns the name of a submission's report. An id that could be something
// else than a plain name, on any system, is written otherwise, with a digest.
func FileName(id string) string {
	var b strings.Builder
	for _, r := range id {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '-' || r == '_' {
			b.WriteRune(r)
		} else if b.Len() > 0 {
			b.WriteByte('-')
		}
	}
	name := strings.Trim(b.String(), "-")
	if name != id || id == "" || len(name) > 60 {
		sum := sha256.Sum256([]byte(id))
		name = strings.TrimLeft(name[:min(len(name), 60)]+"-"+hex.EncodeToString(sum[:6]), "-")
	}
	switch name { // names of devices on Windows
	case "con", "prn", "aux", "nul":
		name += "-"
	}
	if len(name) == 4 && (strings.HasPrefix(name, "com") || strings.HasPrefix(name, "lpt")) {
		name += "-"
	}
	return name + ".html"
}

// A cell is a number with a shade.
type cell struct {
	Text string
	Heat int // 0 to 4
}

func shade(text string, part float64) cell {
	return cell{text, min(max(int(part*5), 0), 4)}
}

// A classRow is a submission in the list.
type classRow struct {
	*result.Submission
	Link     string
	Graded   bool
	Cells    []cell // of the steps
	Flags    []string
	Adjusted string // the raw mark, where the mark is another
}

// A reviewed submission is one that the instructor should look at, and where.
type reviewed struct {
	classRow
	Few, Rest []result.Finding
}

// A similarity is the pairs, and where they are few enough a table of all with all.
type similarity struct {
	Pairs  []similarPair
	Left   int
	Names  []string
	Matrix []matrixRow
}

type matrixRow struct {
	Name  string
	Cells []cell
}

type similarPair struct {
	Pair
	One, Other classRow
}

type hardest struct{ Few, Rest []taskStats }

// An overview is what the page shows.
type overview struct {
	Doc         *result.Document
	Policy      string
	Style       template.CSS
	Script      template.JS
	Sum         *summary
	Histogram   template.HTML
	StepNumbers []result.Step
	Rows        []classRow
	Faults      []classRow
	Refused     []classRow
	Slowest     []classRow
	Review      []reviewed
	Hardest     *hardest
	Similar     *similarity
}

// Overview returns a page about the class, for instructors. link says where the report
// of a submission is; it may be nil. The page can be sorted by its own script, and
// is whole without.
func Overview(d *result.Document, similar []Pair, link func(*result.Submission) string) ([]byte, error) {
	o := overview{Doc: d, Policy: policy(script), Style: template.CSS(style), Script: template.JS(script), Sum: summarize(d)}
	o.Histogram = histogram(o.Sum)
	o.StepNumbers = stepsOf(d)
	for i := range d.Submissions {
		o.add(&d.Submissions[i], link)
	}
	slices.SortStableFunc(o.Slowest, func(a, b classRow) int { return cmp.Compare(b.Seconds, a.Seconds) })
	o.Slowest = o.Slowest[:min(len(o.Slowest), fewSlowest)]
	if all := o.Sum.hardest(); len(all) > 0 {
		n := min(len(all), fewHardest)
		o.Hardest = &hardest{all[:n], all[n:]}
	}
	o.Similar = o.similarities(similar)
	var b strings.Builder
	err := overviewPage.Execute(&b, o)
	return []byte(b.String()), err
}

// add puts a submission where it belongs.
func (o *overview) add(s *result.Submission, link func(*result.Submission) string) {
	r := classRow{Submission: s, Graded: s.Status == result.Graded && s.Score != nil, Flags: flags(s)}
	if link != nil {
		r.Link = link(s)
	}
	steps := make(map[int]result.Step)
	for _, step := range s.Steps {
		steps[step.Number] = step
	}
	for _, number := range o.StepNumbers {
		step, ok := steps[number.Number]
		if !ok || !r.Graded {
			r.Cells = append(r.Cells, cell{})
			continue
		}
		part := 0.0
		if step.MaxScore > 0 {
			part = step.Score / step.MaxScore
		}
		r.Cells = append(r.Cells, shade(fmt.Sprintf("%.1f", step.Score), part))
	}
	switch {
	case s.Score == nil:
		o.Faults = append(o.Faults, r)
	case s.Status == result.Refused:
		o.Refused = append(o.Refused, r)
	case result.Number(*s.Raw) != result.Number(*s.Score):
		r.Adjusted = result.Number(*s.Raw)
	}
	look := slices.DeleteFunc(slices.Clone(s.Findings), func(f result.Finding) bool { return f.Kind != result.Review })
	if n := min(len(look), fewFindings); n > 0 {
		o.Review = append(o.Review, reviewed{r, look[:n], look[n:]})
	}
	o.Rows = append(o.Rows, r)
	o.Slowest = append(o.Slowest, r)
}

// stepsOf are the steps that any submission has.
func stepsOf(d *result.Document) []result.Step {
	var all []result.Step
	for i := range d.Submissions {
		for _, step := range d.Submissions[i].Steps {
			if !slices.ContainsFunc(all, func(s result.Step) bool { return s.Number == step.Number }) {
				all = append(all, step)
			}
		}
	}
	slices.SortFunc(all, func(a, b result.Step) int { return cmp.Compare(a.Number, b.Number) })
	return all
}

// histogram draws how many marks lie in each tenth.
func histogram(s *summary) template.HTML {
	const width, height, base = 60, 135, 165
	most := max(slices.Max(s.Bins[:]), 1)
	var b, words strings.Builder
	for i, n := range s.Bins {
		h := float64(n) / float64(most) * height
		x := i*width + 5
		if n > 0 {
			fmt.Fprintf(&b, `<rect x="%d" y="%.1f" width="50" height="%.1f" rx="2"/><text x="%d" y="%.1f">%d</text>`, x, base-h, h, x+25, base-h-5, n)
		}
		fmt.Fprintf(&b, `<text class="axis" x="%d" y="%d">%d–%d</text>`, x+25, base+16, i*10, i*10+10)
		fmt.Fprintf(&words, "%d to %d percent: %s. ", i*10, i*10+10, show.Count(n, "submission"))
	}
	return template.HTML(fmt.Sprintf(`<svg viewBox="0 0 600 185" role="img" aria-label="%s"><line x1="0" x2="600" y1="%d" y2="%d"/>%s</svg>`, strings.TrimSpace(words.String()), base, base, b.String()))
}

// similarities sorts the pairs.
func (o *overview) similarities(pairs []Pair) *similarity {
	if len(pairs) == 0 {
		return nil
	}
	pairs = slices.Clone(pairs)
	slices.SortStableFunc(pairs, func(a, b Pair) int { return cmp.Compare(b.Score, a.Score) })
	s := &similarity{Left: len(pairs) - min(len(pairs), maxPairs)}
	score := make(map[[2]string]float64)
	for _, p := range pairs[:min(len(pairs), maxPairs)] {
		s.Pairs = append(s.Pairs, similarPair{p, o.row(p.A), o.row(p.B)})
		score[[2]string{p.A, p.B}], score[[2]string{p.B, p.A}] = p.Score, p.Score
		for _, id := range []string{p.A, p.B} {
			if !slices.Contains(s.Names, id) {
				s.Names = append(s.Names, id)
			}
		}
	}
	if len(s.Names) < 3 || len(s.Names) > maxMatrix {
		return s
	}
	slices.Sort(s.Names)
	for _, a := range s.Names {
		row := matrixRow{Name: a}
		for _, b := range s.Names {
			c := cell{}
			if x, ok := score[[2]string{a, b}]; ok {
				c = shade(fmt.Sprintf("%.0f", x*100), x)
			}
			row.Cells = append(row.Cells, c)
		}
		s.Matrix = append(s.Matrix, row)
	}
	return s
}

// row returns the row of a submission, or one that has only its id.
func (o *overview) row(id string) classRow {
	for _, r := range o.Rows {
		if r.ID == id {
			return r
		}
	}
	return classRow{Submission: &result.Submission{ID: id}}
}
