// Package wire is what the exam and a driver say to each other, and how a driver
// answers. The exam is trusted, the driver has a submission in it: whatever comes
// from there is bounded before it is looked at.
//
// Every connection to the driver's socket begins with a [Hello], which says what
// it is for:
//
//	calls    calls of functions, one after another, answered in order
//	session  one object, such as a server or a pool: calls that run side by side,
//	         and events, for some of which the object waits for the exam's word
//	conn     from here on this is a client's connection to a server of a session
//
// A frame is four bytes, the length of what follows in network order, and a JSON
// value of that length. Bytes are []byte in it (base64), never strings: JSON would
// change those that are not UTF-8.
//
// This package is compiled into the driver as well, beside a submission. So it
// imports nothing but the standard library.
//
// Read this file first, then registry.go, session.go and listener.go.
package wire

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// MaxFrame is how long a frame may be, in bytes.
const MaxFrame = 8 << 20

// ErrTooLong is for a frame of more than MaxFrame bytes. Nothing of it is read.
var ErrTooLong = errors.New("wire: the frame is too long")

// A Hello is the first frame of every connection.
type Hello struct {
	Kind string          `json:"kind"`           // "calls", "session", "conn"
	Key  uint64          `json:"key,omitempty"`  // what every reply on this connection has to repeat
	Name string          `json:"name,omitempty"` // of the session's function, or of the listener
	Arg  json.RawMessage `json:"arg,omitempty"`  // for the session's function
	From string          `json:"from,omitempty"` // of a conn: host:port that RemoteAddr returns
	TCP  bool            `json:"tcp,omitempty"`  // of a conn: the server gets a TCP connection, if there can be one
}

// A Request goes from the exam to the driver.
type Request struct {
	ID  uint64          `json:"id"` // of this request, or of the event that it answers
	Fn  string          `json:"fn,omitempty"`
	Arg json.RawMessage `json:"arg,omitempty"`
}

// A Reply goes from the driver to the exam: the result of a call, or an event.
type Reply struct {
	ID    uint64          `json:"id"`              // of the request; of an event that waits for an answer, its own
	Key   uint64          `json:"key,omitempty"`   // of the Hello: who has not read that cannot answer in the driver's place
	Event string          `json:"event,omitempty"` // the name, if it is an event
	Value json.RawMessage `json:"value,omitempty"`
	Panic string          `json:"panic,omitempty"` // what the call panicked with
	Error string          `json:"error,omitempty"` // why it could not be made
}

// WriteFrame writes v as a frame.
func WriteFrame(w io.Writer, v any) error {
	var frame []byte
	switch v := v.(type) {
	case Request:
		frame = v.appendTo(make([]byte, 4, 64+len(v.Arg)))
	case Reply:
		frame = v.appendTo(make([]byte, 4, 64+len(v.Value)))
	}
	if frame == nil {
		data, err := json.Marshal(v)
		if err != nil {
			return fmt.Errorf("wire: %w", err)
		}
		frame = append(make([]byte, 4, 4+len(data)), data...)
	}
	if len(frame)-4 > MaxFrame {
		return ErrTooLong
	}
	binary.BigEndian.PutUint32(frame, uint32(len(frame)-4))
	_, err := w.Write(frame)
	return err
}

// ReadFrame reads a frame into v, and not one byte more. The error is io.EOF only
// where a frame could begin.
func ReadFrame(r io.Reader, v any) error {
	data, err := ReadRaw(r)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(data, v); err != nil {
		return fmt.Errorf("wire: %w", err)
	}
	return nil
}

// ReadRaw reads a frame and returns what is in it. It keeps no more memory than
// has arrived, whatever the length says.
func ReadRaw(r io.Reader) ([]byte, error) {
	var head [4]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return nil, err
	}
	size := binary.BigEndian.Uint32(head[:])
	if size > MaxFrame {
		return nil, ErrTooLong
	}
	if size <= 64<<10 {
		data := make([]byte, size)
		_, err := io.ReadFull(r, data)
		return data, noEOF(err)
	}
	data, err := io.ReadAll(io.LimitReader(r, int64(size)))
	if err == nil && len(data) < int(size) {
		err = io.ErrUnexpectedEOF
	}
	return data, err
}

// noEOF makes the end of a stream within a frame an unexpected one.
func noEOF(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}
