package dissect

import (
	"bytes"
	"errors"
	"io"

	message "barewire/solutions/03-headers-bodies"
)

// chunked takes apart the chunked content of m. The decoder gets one byte at a time:
// what it hands out is data, and what it keeps is lines.
func (d *dissector) chunked(m *Message) {
	var decoder message.ChunkedDecoder
	lineAt, behindData, trailer := m.HeadEnd, false, false
	for i := m.HeadEnd; i < len(d.src); i++ {
		data, _, err := decoder.Decode(d.src[i : i+1])
		done := errors.Is(err, io.EOF)
		if err != nil && !done {
			m.Stop = stopped(err, m.HeadEnd, i+1)
			d.bodyLine(lineAt, i+1, behindData, trailer)
			d.cut(max(m.Stop.Offset, m.HeadEnd))
			return
		}
		if len(data) > 0 {
			d.mark(lineAt, i+1, ChunkData, "")
			lineAt, behindData = i+1, true
			continue
		}
		if d.src[i] == '\n' || done {
			trailer = d.bodyLine(lineAt, i+1, behindData, trailer)
			lineAt, behindData = i+1, false
		}
		if done {
			m.Complete = true
			break
		}
	}
	if !m.Complete {
		d.bodyLine(lineAt, len(d.src), behindData, trailer)
	}
}

// bodyLine takes apart a line of chunked content, which may have no end, and says
// whether the next one is in the trailer section.
func (d *dissector) bodyLine(start, end int, behindData, trailer bool) bool {
	text := d.src[start:end]
	line := bytes.TrimSuffix(bytes.TrimSuffix(text, []byte("\n")), []byte("\r"))
	whole := len(text) > 0 && text[len(text)-1] == '\n'
	switch {
	case behindData:
		d.mark(start, end, DataEnd, "")
		return false
	case trailer && whole && len(line) == 0:
		d.mark(start, end, BodyEnd, "")
		return true
	case trailer && !whole && bytes.IndexByte(line, ':') < 0:
		d.mark(start, end, Unfinished, "")
		return true
	case trailer:
		d.field(start, line, TrailerName, TrailerValue)
		d.mark(d.end, end, LineEnd, "")
		return true
	}
	digits := 0
	for digits < len(line) && isHex(line[digits]) {
		digits++
	}
	size, ext, err := message.ParseChunkSize(line)
	note := ""
	if err == nil && len(ext) <= len(line) {
		digits = len(line) - len(ext)
		note = count(size)
	}
	d.mark(start, start+digits, ChunkSize, note)
	d.mark(start+digits, start+len(line), ChunkExtension, "")
	d.mark(start+len(line), end, LineEnd, "")
	return err == nil && size == 0
}

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'f'
}
