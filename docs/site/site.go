package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"

	"barewire/checker/course"
)

// A config is what the command line says.
type config struct {
	root string // the repository
	out  string // where the site goes
	mine bool   // the wire lab is made of steps
}

// A site is all pages and what they are made from.
type site struct {
	config
	course  *course.Course
	pages   []*page         // in the order of the menu
	written map[string]bool // files of the site

	mu      sync.Mutex
	images  map[string]bool   // files of docs that pages show
	files   map[string][]byte // files that belong beside pages
	sources []*page           // files and folders that pages link to
}

// build builds the site and returns the number of its pages.
func build(c config) (int, error) {
	s, err := load(c)
	if err != nil {
		return 0, err
	}
	if err := each(s.pages, s.read); err != nil {
		return 0, err
	}
	if err := each(s.pages, s.follow); err != nil {
		return 0, err
	}
	if err := s.readSources(); err != nil {
		return 0, err
	}
	return len(s.pages) + len(s.sources), s.write()
}

// each calls do with all pages, several at once, and joins what went wrong.
func each(pages []*page, do func(*page) error) error {
	wrong := make([]error, len(pages))
	var wait sync.WaitGroup
	limit := make(chan struct{}, runtime.NumCPU())
	for i, p := range pages {
		wait.Go(func() {
			limit <- struct{}{}
			wrong[i] = do(p)
			<-limit
		})
	}
	wait.Wait()
	return errors.Join(wrong...)
}

// load finds all pages. A page that the menu does not have is a mistake: nobody
// would find it.
func load(c config) (*site, error) {
	s, err := empty(c)
	if err != nil {
		return nil, err
	}
	found, err := sources(filepath.Join(c.root, "docs"))
	if err != nil {
		return nil, err
	}
	for _, g := range menu {
		for _, name := range g.pages {
			i := slices.Index(found, name)
			if i < 0 {
				return nil, fmt.Errorf("docs/%s: the menu has it (docs/site/menu.go), and there is no such file", name)
			}
			found = slices.Delete(found, i, i+1)
			text, err := os.ReadFile(filepath.Join(c.root, "docs", filepath.FromSlash(name)))
			if err != nil {
				return nil, err
			}
			s.pages = append(s.pages, &page{source: name, address: address(name), group: g.title, text: text})
		}
	}
	if len(found) > 0 {
		return nil, fmt.Errorf("docs/%s: is not in the menu (docs/site/menu.go)", found[0])
	}
	return s, nil
}

// empty returns a site without pages.
func empty(c config) (*site, error) {
	all, err := course.Load()
	return &site{config: c, course: all, images: make(map[string]bool), files: make(map[string][]byte), written: make(map[string]bool)}, err
}

// sources returns the Markdown files below dir, by their slash-separated names.
func sources(dir string) (names []string, err error) {
	err = filepath.WalkDir(dir, func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, _ := filepath.Rel(dir, file) // it is below dir
		if d.IsDir() && slices.Contains(notPages, name) {
			return filepath.SkipDir
		}
		if path.Ext(name) == ".md" {
			names = append(names, filepath.ToSlash(name))
		}
		return nil
	})
	return names, err
}

// notPages are the folders of docs that have no pages in them.
var notPages = []string{"site", "diagram", "lab", "browser", "runs", "public"}

// address returns where the page of a source is, relative to the site: "" for
// index.md, "03-headers-bodies/" for 03-headers-bodies.md.
func address(source string) string {
	name := strings.TrimSuffix(source, ".md")
	if base := path.Base(name); base == "index" || base == "README" {
		name = strings.TrimSuffix(strings.TrimSuffix(name, base), "/")
	}
	if name == "" {
		return ""
	}
	return name + "/"
}

// write writes the site, and removes what was in its folder and is no longer part of
// it. The folder itself stays, and files that are as they were: a server has them open.
func (s *site) write() error {
	for i, p := range slices.Concat(s.pages, s.sources) {
		html, err := s.html(i, p)
		if err != nil {
			return err
		}
		if err := s.file(p.address+"index.html", html); err != nil {
			return err
		}
	}
	if err := s.assets(); err != nil {
		return err
	}
	return s.clean()
}

// file writes one file of the site.
func (s *site) file(name string, content []byte) error {
	to := filepath.Join(s.out, filepath.FromSlash(name))
	s.written[to] = true
	if old, err := os.ReadFile(to); err == nil && bytes.Equal(old, content) {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o777); err != nil {
		return err
	}
	return os.WriteFile(to, content, 0o666)
}

// clean removes the files that were not written, and then the folders without any.
func (s *site) clean() error {
	var folders []string
	err := filepath.WalkDir(s.out, func(file string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir():
			folders = append(folders, file)
		case !s.written[file]:
			return os.Remove(file)
		}
		return nil
	})
	for _, dir := range slices.Backward(folders) {
		_ = os.Remove(dir) // one that has files stays
	}
	return err
}
