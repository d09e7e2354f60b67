package convert_test

import (
	"errors"
	"strings"
	"testing"

	"barewire/checker/grader/convert"
	"barewire/checker/grader/result"
)

func TestCanvas(t *testing.T) {
	for _, test := range []struct {
		name       string
		export     string
		assignment string
		scale      bool
		want       string // the rows behind the header
		notes      string
		err        string
	}{
		{name: "by the number of the assignment", export: canvasExport, assignment: "8", want: "4.50|0.00", notes: "Cem Yılmaz (103) has no mark"},
		{name: "another assignment", export: canvasExport, assignment: "Quiz", err: "Points Possible says 5, and the marks go to 10"},
		{name: "scaled", export: canvasExport, assignment: "Quiz", scale: true, want: "2.25|0.00"},
		{name: "an assignment that is none", export: canvasExport, assignment: "Sever", err: `no column is "Sever"; there are "Student", "ID"`},
		{name: "a column of Canvas's own", export: canvasExport, assignment: "Section", err: `no column is "Section"`},
		{name: "no gradebook", export: "name,mark\nana,1\n", assignment: "mark", err: "this is not an export of the gradebook"},
		{name: "nothing", export: "", assignment: "mark", err: "it is empty"},
		{name: "a quote without an end", export: "Student,ID,Section,S (1)\n\"Ana,101,A,\n", assignment: "S", err: "row 2: a quote that is never closed"},
		{name: "Latin 1", export: "Student,ID,Section,S (1)\nG\xf3mez,101,A,\n", assignment: "S", err: "it is not UTF-8"},
		{name: "two assignments of one name", export: "Student,ID,Section,S (1),S (2)\nAna,101,A,,\n", assignment: "S", err: "two columns are \"S\"; name it by its number"},
		{name: "a student twice", export: "Student,ID,Section,S (1)\nAna,101,A,\nAna,101,B,\n", assignment: "S", err: "rows 2 and 3 are both of 101"},
		{name: "semicolons", export: "Student;ID;Section;S (1)\nAna;101;A;\n", assignment: "S", want: "4.50"},
		{name: "by SIS ids", export: "Student,ID,SIS User ID,Section,S (1)\nAna,1,101,A,\nBen,2,102,A,\n", assignment: "S", want: "4.50|0.00", notes: "students are found by the column SIS User ID"},
		{name: "by addresses", export: "Student,ID,SIS Login ID,Section,S (1)\nAna,1,ANA@example.org,A,\n", assignment: "S", want: "4.50", notes: "Ben Okafor (102) is not in the gradebook"},
		{name: "another student's number of another kind", export: "Student,ID,SIS User ID,Section,S (1)\nAna,101,7,A,\nBen,102,8,A,\nEve,900,103,A,\n", assignment: "S", want: "4.50|0.00", notes: "Eve (900) has no submission"},
	} {
		t.Run(test.name, func(t *testing.T) {
			csv, notes, err := convert.Canvas(small(), []byte(test.export), test.assignment, test.scale)
			if test.err != "" {
				if err == nil || !strings.Contains(err.Error(), test.err) {
					t.Errorf("the error is %v; want %q in it", err, test.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			var marks []string
			for i, line := range strings.Split(strings.TrimSpace(string(csv)), "\n") {
				cells := strings.FieldsFunc(strings.TrimSpace(line), func(r rune) bool { return r == ',' || r == ';' })
				if i > 0 && !strings.Contains(line, "Points Possible") {
					marks = append(marks, cells[len(cells)-1])
				}
			}
			if got := strings.Join(marks, "|"); got != test.want || !strings.Contains(strings.Join(notes, "\n"), test.notes) {
				t.Errorf("marks %s, notes %q; want %s, %q\n%s", got, notes, test.want, test.notes, csv)
			}
		})
	}
}

func TestMoodle(t *testing.T) {
	const german = "ID,\"Vollständiger Name\",Status,Bewertung,Bestwertung,\"Zuletzt geändert (Bewertung)\",\"Feedback als Kommentar\"\n" +
		"Teilnehmer/in101,\"Gómez, Ana\",Abgegeben,,\"10,00\",-,\n"
	for _, test := range []struct {
		name      string
		fill      convert.Moodle
		worksheet string
		want      string // somewhere in it
		err       string
	}{
		{name: "English", worksheet: moodleWorksheet, want: `"Submitted for grading",4.50,10.00,Yes,"Friday, 20 November 2026, 6:00 PM","4.5 of 10 points.`},
		{name: "German", worksheet: german, want: "Abgegeben,4.50,\"10,00\",-,\"4.5 of 10 points."},
		{name: "marks alone", worksheet: german, fill: convert.Moodle{NoFeedback: true}, want: "Abgegeben,4.50,\"10,00\",-,\n"},
		{name: "a language that is not known", worksheet: "Azonosító,Pont\nRésztvevő 101,\n", err: `no column is the identifier; say which of these is: "Azonosító", "Pont"`},
		{name: "and its columns named", worksheet: "Azonosító,Pont\nRésztvevő 101,\n", fill: convert.Moodle{Identifier: "Azonosító", Grade: "Pont"}, want: "Résztvevő 101,4.50\n"},
		{name: "a named column that is not there", worksheet: moodleWorksheet, fill: convert.Moodle{Feedback: "Remarks"}, err: "no column is the feedback"},
		{name: "another maximum", worksheet: strings.ReplaceAll(moodleWorksheet, "10.00", "50.00"), err: "row 2 says 50, and the marks go to 10"},
		{name: "scaled", worksheet: strings.ReplaceAll(moodleWorksheet, "10.00", "50.00"), fill: convert.Moodle{Scale: true}, want: ",22.50,50.00,"},
		{name: "a row of nobody", worksheet: "Identifier,Grade\nAna,\n", err: `row 2: "Ana" does not end in a participant's number`},
		{name: "an empty line at the end", worksheet: "Identifier,Grade\nParticipant 101,\n\n", want: "Participant 101,4.50\n\n"},
		{name: "Windows line ends and no last one", worksheet: "Identifier,Grade\r\n\"Participant 101\",\"\"", want: "\r\n\"Participant 101\",\"4.50\""},
	} {
		t.Run(test.name, func(t *testing.T) {
			csv, _, err := test.fill.Fill(small(), []byte(test.worksheet))
			switch {
			case test.err != "" && (err == nil || !strings.Contains(err.Error(), test.err)):
				t.Errorf("the error is %v; want %q in it", err, test.err)
			case test.err == "" && (err != nil || !strings.Contains(string(csv), test.want)):
				t.Errorf("%v\n%s\nwant %q in it", err, csv, test.want)
			}
		})
	}
	if _, _, err := (convert.Moodle{}).Fill(small(), []byte(strings.ReplaceAll(moodleWorksheet, "10.00", "50.00"))); !errors.Is(err, convert.ErrScale) {
		t.Errorf("another maximum is the error %v, want ErrScale", err)
	}
}

// TestUnmarked: cells of those who have no mark, and every other cell, are as they were.
func TestUnmarked(t *testing.T) {
	d := small()
	d.Submissions = d.Submissions[2:]
	csv, notes, err := convert.Moodle{}.Fill(d, []byte(moodleWorksheet))
	if err != nil || string(csv) != moodleWorksheet || len(notes) != 4 {
		t.Errorf("with nothing but a fault the worksheet is changed: %v, %q\n%s", err, notes, csv)
	}
}

func TestClassroom50_Refuses(t *testing.T) {
	d := small()
	for want, change := range map[string]func(*convert.Classroom50){
		"there is no owner":            func(c *convert.Classroom50) { c.Owner = "" },
		"does not begin with submit/":  func(c *convert.Classroom50) { c.Submission = "main" },
		"there is no commit":           func(c *convert.Classroom50) { c.Commit = "" },
		"classroom 50: there is no cl": func(c *convert.Classroom50) { c.Classroom = "" },
	} {
		c := c50
		change(&c)
		if _, err := c.Result(d, &d.Submissions[0]); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("the error is %v; want %q in it", err, want)
		}
	}
	if _, err := convert.Gradescope(d, &d.Submissions[0], "secret"); err == nil {
		t.Error("Gradescope has no visibility that is called secret")
	}
}

// TestOverview_Empty: a class without any mark has no figures that could be taken for
// some.
func TestOverview_Empty(t *testing.T) {
	d := small()
	d.Submissions = d.Submissions[2:]
	page, err := convert.Overview(d, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	if text := string(page); strings.Contains(text, "median") || !strings.Contains(text, "There are no marks yet.") {
		t.Errorf("the page of a class with nothing but a fault:\n%s", text)
	}
	d.Submissions = []result.Submission{}
	if _, err := convert.Overview(d, nil, nil); err != nil {
		t.Error(err)
	}
}

// TestLarge: reports that say too much are cut, so that everybody takes them.
func TestLarge(t *testing.T) {
	d := class(t, 4)
	for i := range d.Submissions {
		s := &d.Submissions[i]
		for j := range s.Checks {
			s.Checks[j].Reason = strings.Repeat("x", 20000)
		}
		if n := len(convert.Markdown(d, s, convert.Instructor)); n > 1024<<10 {
			t.Errorf("a summary has %d bytes", n)
		}
		data, err := convert.Exercism(d, s)
		if err != nil || len(data) > 500<<10 {
			t.Errorf("exercism's results have %d bytes, %v", len(data), err)
		}
	}
	if _, err := convert.Site(d, nil); err != nil {
		t.Error(err)
	}
}
