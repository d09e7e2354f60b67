package wire

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net"
	"reflect"
)

// A function takes an argument in JSON and returns a value to be written as JSON.
type function func(arg json.RawMessage) (any, error)

var (
	functions = map[string]function{}
	sessions  = map[string]func(s *Session, arg json.RawMessage) error{}
)

// Handle makes f, a func(A) R, callable by a name, such as "reqline.ParseMethod". It is
// for the Register of a step's package, before Serve.
func Handle(name string, f any) { functions[name] = functionOf(name, f) }

// functionOf goes by reflection: of a function with type parameters, the compiler would
// make one for each step's functions, and for each submission again.
func functionOf(name string, f any) function {
	call := reflect.ValueOf(f)
	of := call.Type().In(0)
	return func(raw json.RawMessage) (any, error) {
		arg := reflect.New(of)
		if err := unmarshal(raw, arg.Interface()); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		return call.Call([]reflect.Value{arg.Elem()})[0].Interface(), nil
	}
}

// HandleSession makes f, a func(*Session, A), what a session of that name begins with: it
// makes an object, says with On what may be asked of it, and returns. What has to end with
// the session it hands to Session.Defer.
func HandleSession(name string, f any) {
	call := reflect.ValueOf(f)
	of := call.Type().In(1)
	sessions[name] = func(s *Session, raw json.RawMessage) error {
		arg := reflect.New(of)
		if err := unmarshal(raw, arg.Interface()); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		call.Call([]reflect.Value{reflect.ValueOf(s), arg.Elem()})
		return nil
	}
}

func unmarshal(raw json.RawMessage, v any) error {
	if len(raw) == 0 {
		return nil
	}
	return json.Unmarshal(raw, v)
}

// Serve answers whoever connects to ln, until that is closed, and returns why.
func Serve(ln net.Listener) error {
	for {
		nc, err := ln.Accept()
		if err != nil {
			return err
		}
		go greet(nc)
	}
}

// greet finds out what a connection is for. The hello is handed on as a pointer: what
// stands among the arguments of a function is on its stack's trace, which a submission
// may print, and the key is not for it.
func greet(nc net.Conn) {
	var hello Hello
	if err := ReadFrame(nc, &hello); err != nil {
		_ = nc.Close()
		return
	}
	switch hello.Kind {
	case "calls":
		serveCalls(nc, &hello)
	case "session":
		serveSession(nc, &hello)
	case "conn":
		deliver(nc, hello)
	default:
		_ = nc.Close()
	}
}

// serveCalls answers calls in order. Answers gather while further calls are here
// already, so that a thousand calls cost few writes.
func serveCalls(nc net.Conn, hello *Hello) {
	defer nc.Close()
	in, out := bufio.NewReaderSize(nc, 64<<10), bufio.NewWriterSize(nc, 64<<10)
	for {
		data, err := ReadRaw(in)
		if err != nil {
			return
		}
		var request Request
		if !request.quick(data) && json.Unmarshal(data, &request) != nil {
			return
		}
		reply := call(functions[request.Fn], request)
		reply.Key = hello.Key
		if err := WriteFrame(out, reply); err != nil {
			return
		}
		if in.Buffered() < 4 {
			if err := out.Flush(); err != nil {
				return
			}
		}
	}
}

// call calls f. A panic in it is its result.
func call(f function, request Request) (reply Reply) {
	reply.ID = request.ID
	defer func() {
		if p := recover(); p != nil {
			reply = Reply{ID: request.ID, Panic: Clip(fmt.Sprint(p))}
		}
	}()
	if f == nil {
		reply.Error = "there is no function " + request.Fn
		return reply
	}
	value, err := f(request.Arg)
	if err == nil {
		reply.Value, err = json.Marshal(value)
	}
	if err != nil {
		reply.Error = Clip(err.Error())
	}
	return reply
}

// Clip returns the beginning of a text that may be long.
func Clip(text string) string {
	if len(text) > 500 {
		return text[:500] + "..."
	}
	return text
}
