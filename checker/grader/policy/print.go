package policy

import (
	"bytes"
	"go/scanner"
	"go/token"
	"slices"
	"strings"

	"barewire/checker/grader/intake"
)

// Fingerprints are made by winnowing: of the hashes of all runs of gram tokens, the
// smallest in every window of window runs is kept. So whatever two programs share that
// is gram+window-1 tokens long, which is six lines or more, has a mark in both.
// (Schleimer, Wilkerson, Aiken: Winnowing, SIGMOD 2003.)
const (
	gram   = 28
	window = 16
)

// A mark is one hash that was kept, and the line at which its run of tokens begins.
type mark struct {
	hash uint32
	line int32
}

// marks returns the fingerprint of a Go file, in the order of its lines. Names, the
// values of literals, comments, imports and the layout make no difference.
func marks(src []byte) []mark { return winnow(grams(tokens(src))) }

// winnow keeps the smallest hash of every window, the last one of equals.
func winnow(grams []mark) []mark {
	var kept []mark
	least := -1
	for i := range grams {
		switch {
		case least >= 0 && grams[i].hash <= grams[least].hash:
			least = i
		case least <= i-window: // it has left the window, or there was none
			least = max(0, i-window+1)
			for j := least + 1; j <= i; j++ {
				if grams[j].hash <= grams[least].hash {
					least = j
				}
			}
		default:
			continue
		}
		if i >= window-1 || i == len(grams)-1 {
			kept = append(kept, grams[least])
		}
	}
	return kept
}

// grams returns the hash of every run of tokens.
func grams(all []mark) []mark {
	if len(all) < gram {
		return nil
	}
	const base = 1_000_003
	power := uint64(1)
	for range gram - 1 {
		power *= base
	}
	runs := make([]mark, 0, len(all)-gram+1)
	var h uint64
	for i, t := range all {
		if i >= gram {
			h -= uint64(all[i-gram].hash) * power
		}
		h = h*base + uint64(t.hash)
		if i >= gram-1 {
			mixed := h // so that the smallest hash is not that of the smallest tokens
			mixed ^= mixed >> 31
			mixed *= 0x9e3779b97f4a7c15
			runs = append(runs, mark{uint32(mixed >> 32), all[i-gram+1].line})
		}
	}
	return runs
}

// predeclared are the names that mean the same everywhere, so they are compared.
var predeclared = func() map[string]uint32 {
	all := make(map[string]uint32)
	for i, name := range strings.Fields(`any append bool byte cap clear close copy delete error false int int64 iota len make max min
		new nil panic recover rune string true uint64`) {
		all[name] = uint32(1000 + i)
	}
	return all
}()

// tokens returns a value for each token of a file, after its imports. What is not Go is
// passed over.
func tokens(src []byte) []mark {
	fset := token.NewFileSet()
	file := fset.AddFile("", fset.Base(), len(src))
	var s scanner.Scanner
	s.Init(file, src, nil, 0)
	var all []mark
	header := true // the package clause and the imports
	depth := 0
	line, at := int32(1), 0
	for {
		pos, tok, lit := s.Scan()
		if tok == token.EOF {
			return all
		}
		switch {
		case header:
			switch {
			case tok == token.LPAREN:
				depth++
			case tok == token.RPAREN:
				depth--
			case depth == 0 && slices.Contains([]token.Token{token.FUNC, token.TYPE, token.CONST, token.VAR}, tok):
				header = false
			}
			if header {
				continue
			}
		case tok == token.SEMICOLON:
			continue
		}
		value := uint32(tok) + 1
		if tok == token.IDENT {
			if known := predeclared[lit]; known != 0 {
				value = known
			}
		}
		offset := file.Offset(pos)
		line += int32(bytes.Count(src[at:offset], newline))
		at = offset
		all = append(all, mark{value, line})
	}
}

var newline = []byte("\n")

// A Print is the fingerprint of a submission.
type Print struct {
	steps map[int][]filePrint
}

type filePrint struct {
	path  string
	marks []mark
}

// NewPrint returns the fingerprint of the steps of a submission.
func NewPrint(steps map[int][]intake.File) *Print {
	p := &Print{make(map[int][]filePrint)}
	for n, files := range steps {
		for _, f := range files {
			p.steps[n] = append(p.steps[n], filePrint{f.Path, marks(f.Content)})
		}
	}
	return p
}

// A hashes is what of a fingerprint is compared in a class: sorted, without doubles, by
// step.
type hashes map[int][]uint32

// hashes returns the hashes of a fingerprint that ignore does not have.
func (p *Print) hashes(ignore map[uint32]bool) hashes {
	all := make(hashes)
	for n, files := range p.steps {
		for _, f := range files {
			for _, m := range f.marks {
				if !ignore[m.hash] {
					all[n] = append(all[n], m.hash)
				}
			}
		}
		slices.Sort(all[n])
		all[n] = slices.Clip(slices.Compact(all[n]))
	}
	return all
}

// shared counts the hashes that two sorted lists have in common.
func shared(a, b []uint32) int {
	n := 0
	for len(a) > 0 && len(b) > 0 {
		switch {
		case a[0] < b[0]:
			a = a[1:]
		case a[0] > b[0]:
			b = b[1:]
		default:
			n++
			a, b = a[1:], b[1:]
		}
	}
	return n
}
