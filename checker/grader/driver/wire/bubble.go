package wire

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"
)

// BubbleLimit is how long a bubble may take on the wall clock, which is nothing where
// nobody works without end. The exam gives the reference more: it has an end, and a
// machine may be busy.
var BubbleLimit = 4 * time.Second

// Bubble runs f where sleeps and deadlines cost no time and are exact, as the tests of
// the course do (package testing/synctest). What f hands over to somebody outside has to
// be complete: nobody outside may wait for what is inside. It returns what went wrong: a
// panic in f, goroutines that wait for ever or are left behind, or work without an end.
//
// A bubble belongs to a test; it asks nothing of that but to be there.
func Bubble(f func()) error {
	err := bubble(f)
	if err != nil {
		_ = Fault(err.Error()) // the reference has to get through every bubble
	}
	return err
}

func bubble(f func()) error {
	ended := make(chan error, 1)
	go func() {
		err := fmt.Errorf("its goroutine was ended")
		defer func() {
			if p := recover(); p != nil {
				err = fmt.Errorf("%s", Clip(fmt.Sprint(p)))
			}
			ended <- err
		}()
		inside := err
		synctest.Test(new(testing.T), func(*testing.T) {
			defer func() {
				if p := recover(); p != nil {
					inside = fmt.Errorf("panic: %s", Clip(fmt.Sprint(p)))
				}
			}()
			f()
			inside = nil
		})
		err = inside
	}()
	select {
	case err := <-ended:
		return err
	case <-time.After(BubbleLimit):
		return fmt.Errorf("still at work after %v", BubbleLimit)
	}
}
