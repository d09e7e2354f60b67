package result

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// JSONSchema describes the document for other programs.
//
//go:embed schema.json
var JSONSchema []byte

// ReadFile reads a document. The error says what is wrong and in which line.
func ReadFile(path string) (*Document, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	d, err := Parse(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return d, nil
}

// Parse reads a document from its bytes.
func Parse(data []byte) (*Document, error) {
	var version struct {
		Schema string `json:"schema"`
	}
	// What is wrong with the rest is said below; a document of another version would only
	// give confusing errors there.
	if json.Unmarshal(data, &version) == nil && version.Schema != Schema {
		return nil, (&Document{Schema: version.Schema}).Validate()
	}
	d := new(Document)
	if err := decode(data, d); err != nil {
		return nil, err
	}
	return d, d.Validate()
}

// decode reads one JSON value. It knows all of its fields: a misspelt one would be
// lost without a word.
func decode(data []byte, v any) error {
	in := json.NewDecoder(bytes.NewReader(data))
	in.DisallowUnknownFields()
	err := in.Decode(v)
	offset := in.InputOffset()
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case err == nil:
		if _, err := in.Token(); err != io.EOF {
			return fmt.Errorf("line %d: something stands behind the end", line(data, offset))
		}
		return nil
	case errors.As(err, &syntax):
		return fmt.Errorf("line %d: this is not JSON: %s", line(data, syntax.Offset), plain(err))
	case errors.As(err, &kind):
		return fmt.Errorf("line %d: %s cannot be a %s", line(data, kind.Offset), kind.Field, kind.Value)
	case err == io.EOF || errors.Is(err, io.ErrUnexpectedEOF):
		return errors.New("it ends in the middle: it was not written to its end")
	}
	return errors.New(plain(err))
}

func plain(err error) string { return strings.TrimPrefix(err.Error(), "json: ") }

// line returns the number of the line with the offset.
func line(data []byte, offset int64) int {
	offset = min(max(offset, 0), int64(len(data)))
	return bytes.Count(data[:offset], []byte("\n")) + 1
}

// WriteFile checks the document, puts its submissions in order and writes it.
func (d *Document) WriteFile(path string) error {
	d.Sort()
	if d.Tasks == nil {
		d.Tasks = []Task{}
	}
	if d.Submissions == nil {
		d.Submissions = []Submission{}
	}
	if err := d.Validate(); err != nil {
		return fmt.Errorf("%s is not written: %w", path, err)
	}
	data, err := json.MarshalIndent(d, "", "  ")
	if err != nil {
		return err
	}
	return Replace(path, append(data, '\n'))
}

// Replace writes a file whole or not at all: whoever reads it meanwhile, or after this
// program was killed, has the old one. A symbolic link at path is replaced, not followed.
func Replace(path string, data []byte) (err error) {
	dir := filepath.Dir(path)
	f, err := os.CreateTemp(dir, "."+filepath.Base(path)+".*.tmp")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			f.Close()
			os.Remove(f.Name())
		}
	}()
	if _, err = f.Write(data); err != nil {
		return err
	}
	if err = f.Chmod(0o644); err != nil {
		return err
	}
	if err = f.Sync(); err != nil {
		return err
	}
	if err = f.Close(); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
