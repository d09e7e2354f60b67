//go:build !linux

package selftest

import (
	"errors"
	"strings"
)

// There is a sandbox on Linux only, so there is nothing to watch elsewhere.
type watch struct{ dir, secret string }

func newWatch(_, _ string) (*watch, error) {
	return nil, errors.New("selftest: there is a sandbox on Linux only")
}

func (w *watch) names() *strings.Replacer { return strings.NewReplacer() }
func (w *watch) look() []string           { return nil }
func (w *watch) close()                   {}

func mkfifo(string) error { return errors.ErrUnsupported }
