package conformance

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"barewire/checker/conformance/cases"
)

// Got returns the answer that an exchange was.
func (x *Exchange) Got() cases.Answer {
	a := cases.Answer{End: cases.Open}
	if x.Closed {
		a.End = cases.Closed
	}
	for _, r := range x.Responses {
		s := strconv.Itoa(r.Status)
		if r.Status == 0 {
			s = "???"
		}
		a.Statuses = append(a.Statuses, s)
	}
	return a
}

// Judge says what is wrong with an exchange, or returns "" if it is one of those that
// the case allows. Checks of fields are made of the first of them. With strict, the
// target is ours: it answers as checker/conformance/target does, so what its handler
// saw is checked too, and where it does not give the first answer, there is a Reason.
func Judge(c *cases.Case, x *Exchange, strict bool) string {
	got := x.Got()
	i := slices.IndexFunc(c.Want, func(a cases.Answer) bool { return a.Matches(got) })
	if i < 0 {
		return got.String()
	}
	for _, r := range x.Responses {
		if r.Broken != nil {
			return fmt.Sprintf("%s, but what came is not whole: %v", got, r.Broken)
		}
	}
	if i == 0 && len(x.Responses) > 0 {
		if wrong := check(c, &x.Responses[len(x.Responses)-1], strict); wrong != "" {
			return wrong
		}
	}
	switch {
	case strict && i > 0 && c.Reason == "":
		return fmt.Sprintf("%s, which is allowed, but %s would be stricter, and no line \"barewire:\" says why not", got, c.Want[0])
	case strict && i == 0 && c.Reason != "":
		return "the strictest answer, and yet there is a line \"barewire:\" that says why not"
	}
	return ""
}

func check(c *cases.Case, r *Response, strict bool) string {
	for _, k := range c.Checks {
		values := r.Header.Values(k.Name)
		switch {
		case k.Kind == '+' && len(values) == 0:
			return "no field " + k.Name
		case k.Kind == '+' && k.Value != "" && strings.Join(values, ", ") != k.Value:
			return fmt.Sprintf("%s: %s, and not %s", k.Name, strings.Join(values, ", "), k.Value)
		case k.Kind == '-' && len(values) > 0:
			return fmt.Sprintf("%s: %s, which must not be there", k.Name, strings.Join(values, ", "))
		case k.Kind == ':' && strict && !strings.Contains("\n"+r.Content, "\n"+k.Value+"\n"):
			return fmt.Sprintf("the handler saw %q, and not %q", r.Content, k.Value)
		case k.Kind == '=' && !slices.Contains(strings.Split(k.Value, " | "), r.parts()):
			return fmt.Sprintf("the content is %s, and not %s", r.parts(), k.Value)
		}
	}
	return ""
}
