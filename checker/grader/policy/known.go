package policy

import (
	_ "embed"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"strings"

	"golang.org/x/tools/txtar"
)

// known holds the fingerprints of servers and routers that anybody can download. Each
// file of the archive is one of them; TestKnown writes it anew from their sources, with
// UPDATE=1.
//
//go:embed known.txtar
var known []byte

// addKnown adds what is in known.
func (c *Corpus) addKnown() error {
	archive := txtar.Parse(known)
	if want := parameters(); string(archive.Comment) != want {
		return fmt.Errorf("policy: known.txtar was made with other parameters: %q, want %q", archive.Comment, want)
	}
	for _, work := range archive.Files {
		raw, err := base64.StdEncoding.DecodeString(strings.ReplaceAll(string(work.Data), "\n", ""))
		if err != nil || len(raw)%4 != 0 {
			return fmt.Errorf("policy: known.txtar: %s is damaged: %v", work.Name, err)
		}
		for ; len(raw) > 0; raw = raw[4:] {
			c.add(work.Name, binary.LittleEndian.Uint32(raw))
		}
	}
	return nil
}

// parameters says how the fingerprints were made.
func parameters() string { return fmt.Sprintf("gram=%d window=%d\n", gram, window) }
