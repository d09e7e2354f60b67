package result_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"barewire/checker/grader/result"

	"github.com/google/go-cmp/cmp"
)

// A schema is a JSON Schema, as much of it as ours uses.
type schema map[string]any

func parseSchema(t testing.TB) schema {
	t.Helper()
	var s schema
	if err := json.Unmarshal(result.JSONSchema, &s); err != nil {
		t.Fatal(err)
	}
	return s
}

// check returns what the schema says against a value.
func (root schema) check(s schema, path string, v any) (errs []string) {
	failf := func(format string, args ...any) {
		errs = append(errs, path+": "+fmt.Sprintf(format, args...))
	}
	for key, arg := range s {
		switch key {
		case "$schema", "title", "description", "$defs", "then", "format": // says nothing by itself
		case "$ref":
			name := strings.TrimPrefix(arg.(string), "#/$defs/")
			errs = append(errs, root.check(root["$defs"].(map[string]any)[name].(map[string]any), path, v)...)
		case "type":
			names, ok := arg.([]any)
			if !ok {
				names = []any{arg}
			}
			if !slices.ContainsFunc(names, func(name any) bool { return isType(name.(string), v) }) {
				failf("%v is not of type %v", v, arg)
			}
		case "const":
			if !reflect.DeepEqual(arg, v) {
				failf("%v is not %v", v, arg)
			}
		case "enum":
			if !slices.Contains(arg.([]any), v) {
				failf("%v is not one of %v", v, arg)
			}
		case "minimum":
			if x, ok := v.(float64); ok && x < arg.(float64) {
				failf("%v is below %v", x, arg)
			}
		case "minLength":
			if text, ok := v.(string); ok && float64(len(text)) < arg.(float64) {
				failf("%q is too short", text)
			}
		case "pattern":
			if text, ok := v.(string); ok && !regexp.MustCompile(arg.(string)).MatchString(text) {
				failf("%q does not match %s", text, arg)
			}
		case "required":
			for _, name := range arg.([]any) {
				if object, ok := v.(map[string]any); ok && object[name.(string)] == nil && !has(object, name.(string)) {
					failf("%s is missing", name)
				}
			}
		case "additionalProperties":
			object, _ := v.(map[string]any)
			for name := range object {
				if _, ok := s["properties"].(map[string]any)[name]; !ok {
					failf("%s is unknown", name)
				}
			}
		case "properties":
			object, _ := v.(map[string]any)
			for name, sub := range arg.(map[string]any) {
				if has(object, name) {
					errs = append(errs, root.check(sub.(map[string]any), path+"."+name, object[name])...)
				}
			}
		case "items":
			list, _ := v.([]any)
			for i, item := range list {
				errs = append(errs, root.check(arg.(map[string]any), fmt.Sprintf("%s[%d]", path, i), item)...)
			}
		case "allOf":
			for _, sub := range arg.([]any) {
				errs = append(errs, root.check(sub.(map[string]any), path, v)...)
			}
		case "if":
			if len(root.check(arg.(map[string]any), path, v)) == 0 {
				errs = append(errs, root.check(s["then"].(map[string]any), path, v)...)
			}
		default:
			failf("the schema says %s, which this test does not know", key)
		}
	}
	return errs
}

func has(object map[string]any, name string) bool { _, ok := object[name]; return ok }

func isType(name string, v any) bool {
	x, number := v.(float64)
	switch name {
	case "null":
		return v == nil
	case "integer":
		return number && x == float64(int64(x))
	case "number":
		return number
	case "string":
		return reflect.TypeOf(v) == reflect.TypeFor[string]()
	case "boolean":
		return reflect.TypeOf(v) == reflect.TypeFor[bool]()
	case "array":
		return reflect.TypeOf(v) == reflect.TypeFor[[]any]()
	case "object":
		return reflect.TypeOf(v) == reflect.TypeFor[map[string]any]()
	}
	return false
}

// TestSchema_Types holds the schema to the types: the same properties, and required
// is what is always written.
func TestSchema_Types(t *testing.T) {
	root := parseSchema(t)
	defs := root["$defs"].(map[string]any)
	rubric := root["properties"].(map[string]any)["rubric"]
	for _, test := range []struct {
		schema any
		typ    reflect.Type
	}{
		{map[string]any(root), reflect.TypeFor[result.Document]()},
		{rubric, reflect.TypeFor[result.Rubric]()},
		{defs["task"], reflect.TypeFor[result.Task]()},
		{defs["submission"], reflect.TypeFor[result.Submission]()},
		{defs["step"], reflect.TypeFor[result.Step]()},
		{defs["check"], reflect.TypeFor[result.Check]()},
		{defs["finding"], reflect.TypeFor[result.Finding]()},
	} {
		t.Run(test.typ.Name(), func(t *testing.T) {
			want := make(map[string]string)
			for i := range test.typ.NumField() {
				f := test.typ.Field(i)
				name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
				want[name] = "always"
				if strings.Contains(options, "omitempty") {
					want[name] = "may be missing"
				}
			}
			s := test.schema.(map[string]any)
			got := make(map[string]string)
			for name := range s["properties"].(map[string]any) {
				got[name] = "may be missing"
				if slices.Contains(s["required"].([]any), any(name)) {
					got[name] = "always"
				}
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("schema.json (-type +schema):\n%s", diff)
			}
		})
	}
}

// TestSchema_Examples holds what the schema refuses to what Parse refuses.
func TestSchema_Examples(t *testing.T) {
	root := parseSchema(t)
	for name, test := range examples {
		t.Run(name, func(t *testing.T) {
			text := test.text(t)
			var v any
			if err := json.Unmarshal([]byte(text), &v); err != nil {
				return // not JSON at all
			}
			errs := root.check(root, "", v)
			_, err := result.Parse([]byte(text))
			switch {
			case test.want == "" && (err != nil || len(errs) > 0):
				t.Errorf("a document that is right is refused: by Parse: %v; by the schema: %q", err, errs)
			case test.want != "" && err == nil:
				t.Errorf("Parse reads it; want an error with %q", test.want)
			case test.want != "" && !strings.Contains(err.Error(), test.want):
				t.Errorf("Parse says %q; want %q in it", err, test.want)
			case test.want != "" && len(errs) == 0 && !test.across:
				t.Errorf("Parse says %q, and the schema has nothing against it", err)
			}
		})
	}
	if got := len(slices.Collect(maps.Keys(examples))); got < 20 {
		t.Errorf("only %d examples", got)
	}
}
