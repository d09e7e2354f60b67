package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/gob"
	"encoding/hex"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
)

// memo returns what do makes, or what it has made before if nothing has been saved since in
// the files and folders from, which are below the root of the repository. What was made is
// kept in .barewire, where it may be removed at any time.
func memo[T any](s *site, name string, from []string, do func() (T, error)) (made T, err error) {
	key, err := stamp(s.root, from)
	if err != nil {
		return made, err
	}
	file := filepath.Join(s.root, ".barewire", "docs", name+"-"+key[:16])
	if kept, err := os.ReadFile(file); err == nil && gob.NewDecoder(bytes.NewReader(kept)).Decode(&made) == nil {
		return made, nil
	}
	if made, err = do(); err != nil {
		return made, err
	}
	var b bytes.Buffer
	if err := gob.NewEncoder(&b).Encode(made); err != nil {
		return made, err
	}
	old, _ := filepath.Glob(filepath.Join(filepath.Dir(file), name+"-*")) // the pattern is right
	for _, f := range old {
		_ = os.Remove(f) // another build may have done it
	}
	return made, replace(file, b.Bytes())
}

// stamp is different when a file has changed.
func stamp(root string, from []string) (string, error) {
	h := sha256.New()
	fmt.Fprintln(h, runtime.Version())
	for _, name := range from {
		err := filepath.WalkDir(filepath.Join(root, filepath.FromSlash(name)), func(file string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			info, err := d.Info()
			if err == nil {
				fmt.Fprintln(h, file, info.Size(), info.ModTime().UnixNano())
			}
			return err
		})
		if err != nil {
			return "", err
		}
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// replace writes a file at once: who reads it at the same time gets the old one or the new.
func replace(file string, content []byte) error {
	if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(file), ".new-")
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	if e := f.Close(); err == nil {
		err = e
	}
	if err == nil {
		err = os.Rename(f.Name(), file)
	}
	if err != nil {
		_ = os.Remove(f.Name())
	}
	return err
}
