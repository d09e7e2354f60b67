package result

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
)

// Merge joins the files of all shards of a class. It refuses parts that do not make a
// whole, and parts of different gradings. Notes say what a crash left in the files.
func Merge(paths []string) (d *Document, notes []string, err error) {
	m := merger{from: make(map[string]string), index: make(map[int]string)}
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			return nil, notes, err
		}
		shard, done, _, remarks, err := parseShard(data)
		for _, note := range remarks {
			notes = append(notes, path+": "+note)
		}
		if err == nil && shard == nil {
			err = errors.New("there is not one whole line in it")
		}
		if err == nil {
			err = m.add(path, shard, done)
		}
		if err != nil {
			return nil, notes, fmt.Errorf("%s: %w", path, err)
		}
	}
	if m.first == nil {
		return nil, notes, errors.New("there are no shards to merge")
	}
	if err := m.gaps(); err != nil {
		return nil, notes, err
	}
	m.doc.Sort()
	return &m.doc, notes, m.doc.Validate()
}

// A merger is a document that is being put together.
type merger struct {
	doc   Document
	first *Shard
	path  string            // of the first
	index map[int]string    // the files of the shards that are there
	from  map[string]string // which file is to have a submission
}

func (m *merger) add(path string, shard *Shard, done []Submission) error {
	if m.first == nil {
		m.first, m.path, m.doc = shard, path, shard.Document
	} else if why := differs(m.first, shard); why != "" {
		return fmt.Errorf("it does not go with %s: %s", m.path, why)
	}
	if other, ok := m.index[shard.Index]; ok {
		return fmt.Errorf("shard %d is in %s already", shard.Index, other)
	}
	m.index[shard.Index] = path
	for _, id := range shard.IDs {
		if other, ok := m.from[id]; ok {
			return fmt.Errorf("%q is in %s already", id, other)
		}
		m.from[id] = path
	}
	if shard.Document.Started.Before(m.doc.Started) {
		m.doc.Started = shard.Document.Started
	}
	for _, s := range done {
		if s.Graded.After(m.doc.Finished) {
			m.doc.Finished = s.Graded
		}
	}
	m.doc.Submissions = append(m.doc.Submissions, done...)
	return nil
}

// gaps returns an error that says what is missing.
func (m *merger) gaps() error {
	var missing []string
	for i := range m.first.Count {
		if _, ok := m.index[i]; !ok {
			missing = append(missing, fmt.Sprintf("shard %d of 0 to %d", i, m.first.Count-1))
		}
	}
	if len(missing) > 0 {
		return errors.New("a part of the class is missing: " + few(missing))
	}
	left := make(map[string]string)
	var ids []string
	for id, path := range m.from {
		left[id] = path
		ids = append(ids, id)
	}
	for _, s := range m.doc.Submissions {
		delete(left, s.ID)
	}
	for id, path := range left {
		missing = append(missing, fmt.Sprintf("%q in %s", id, path))
	}
	if slices.Sort(missing); len(missing) > 0 {
		return errors.New("not graded yet; go on with the shard: " + few(missing))
	}
	if Class(ids) != m.first.Class {
		return errors.New("the shards do not make the class that they were cut from: some submissions are in none of them")
	}
	return nil
}

// few lists the first items.
func few(items []string) string {
	const most = 10
	if len(items) <= most {
		return strings.Join(items, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(items[:most], ", "), len(items)-most)
}
