package intake

import (
	"bytes"
	"context"
	"time"
)

// LoadArchive loads the bytes of an archive.
func LoadArchive(ctx context.Context, name string, data []byte) (Submission, error) {
	return Submission{ID: "test", Source: name, src: archive{name, data}}.Load(ctx)
}

// SetMaxUnpacked sets how many bytes may come out of a tar, and returns how many it was.
func SetMaxUnpacked(n int64) int64 {
	was := maxUnpacked
	maxUnpacked = n
	return was
}

// Limits for tests.
const (
	MaxFile  = maxFile
	MaxTotal = maxTotal
	MaxFiles = maxFiles
)

// OpenArchive opens the bytes of a zip as a class.
func OpenArchive(name string, data []byte, from string) ([]Submission, error) {
	names, err := stepNames()
	if err != nil {
		return nil, err
	}
	o := &opener{opt: Options{From: from}, names: names, paths: 1}
	entries := o.zip(bytes.NewReader(data), int64(len(data)))
	if err := o.class(name, entries, archive{name, data}, time.Time{}); err != nil {
		return nil, err
	}
	return o.submissions(), nil
}

// Submitters returns the names that the metadata of Gradescope has, by folder.
func Submitters(text string) map[string][]string {
	all := make(map[string][]string)
	for folder, e := range parseMetadata(text) {
		for _, s := range e.submitters {
			all[folder] = append(all[folder], s.name)
		}
	}
	return all
}
