package exam

import (
	"fmt"
	"time"

	"barewire/checker/grader/driver/wire"
)

// mostGreeting is how much processor time a driver may use before it answers. It takes a
// hundredth of that; one that works without an end in init takes all there is.
const mostGreeting = 2 * time.Second

// Silent is the error of a driver that does not answer at its start.
type Silent struct {
	Message string // such as "at its start, the program ended: exit status 1"
	Slow    bool   // time was up
}

func (e *Silent) Error() string { return e.Message }

// Greet waits until a driver answers. It stops one that does not, and returns a [*Silent]
// or a fault.
func Greet(p Process, patience time.Duration) error {
	x := &X{driver: &driver{p}, patience: patience}
	defer x.cleanup()
	answered, watched := make(chan struct{}), make(chan bool)
	go func() { watched <- spins(p, answered) }()
	failure, fault := x.greet()
	close(answered)
	spun := <-watched
	if failure == nil && fault == nil {
		return nil
	}
	exit := p.Stop()
	switch {
	case fault != nil:
		return fault
	case exit.Fault != nil:
		return exit.Fault
	case spun:
		failure = &Failure{Brief: fmt.Sprintf("no answer after %v of processor time", mostGreeting)}
	}
	return &Silent{Message: "at its start, " + failure.Brief, Slow: failure.slow}
}

// greet calls a function that there is not, which any driver can answer.
func (x *X) greet() (failure *Failure, fault error) {
	defer func() {
		switch p := recover().(type) {
		case nil:
		case *Failure:
			failure = p
		case error:
			fault = p
		default:
			panic(p)
		}
	}()
	x.CallAll("", []any{nil}, func(int, wire.Reply) {})
	return nil, nil
}

// spins reports whether a driver uses more than mostGreeting before it has answered, and
// stops it.
func spins(p Process, answered <-chan struct{}) bool {
	ticker := time.NewTicker(100 * time.Millisecond)
	defer ticker.Stop()
	for {
		select {
		case <-answered:
			return false
		case <-p.Done():
			return false
		case <-ticker.C:
			if u, ok := p.Usage(); ok && u.CPU > mostGreeting {
				p.Stop()
				return true
			}
		}
	}
}
