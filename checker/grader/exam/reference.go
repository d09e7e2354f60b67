package exam

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"sync"
	"time"

	"barewire/checker/grader/driver/step01"
	"barewire/checker/grader/driver/step02"
	"barewire/checker/grader/driver/step03"
	"barewire/checker/grader/driver/step04"
	"barewire/checker/grader/driver/step05"
	"barewire/checker/grader/driver/step10"
	"barewire/checker/grader/driver/wire"
)

// The reference has an end, however busy the machine is.
func init() {
	wire.BubbleLimit = time.Minute
	wire.OnFault = func(why string) { panic(&referenceFault{why}) }
}

// A referenceFault is a failure of the reference, which is nobody's who is examined.
type referenceFault struct{ why string }

func (f *referenceFault) Error() string { return "the reference fails: " + f.why }

// register makes the reference callable in this process, as a driver is in another.
var register = sync.OnceFunc(func() {
	for _, f := range []func(){step01.Register, step02.Register, step03.Register, step04.Register, step05.Register, step10.Register} {
		f()
	}
})

// reference is a driver of the reference, in this process.
type reference struct {
	dir  string
	ln   net.Listener
	done chan struct{}
}

// OnReference runs f as if the driver were that of the reference. It is for what is
// talked to: f says there what has to come of it, and then the submission is asked. A
// failure of f is a mistake of the exam.
func (x *X) OnReference(f func(x *X)) {
	register()
	dir, err := os.MkdirTemp("", "bw")
	if err != nil {
		panic(err)
	}
	r := &reference{dir: dir, done: make(chan struct{})}
	if r.ln, err = net.Listen("unix", filepath.Join(dir, "s")); err != nil {
		panic(err)
	}
	defer r.Stop()
	go func() { _ = wire.Serve(r.ln) }()
	ref := &X{Rand: x.Rand, check: x.check, driver: &driver{r}, patience: 6 * DefaultPatience}
	defer ref.cleanup()
	defer func() {
		if f, ok := recover().(*Failure); ok {
			panic("the reference fails: " + f.text(x.check, false, mostWhole))
		}
	}()
	f(ref)
}

func (r *reference) Dial(ctx context.Context) (net.Conn, error) {
	return new(net.Dialer).DialContext(ctx, "unix", r.ln.Addr().String())
}

func (r *reference) Done() <-chan struct{} { return r.done }

func (r *reference) Usage() (Usage, bool) { return Usage{}, false }

func (r *reference) Stop() Exit {
	_ = r.ln.Close()
	_ = os.RemoveAll(r.dir)
	return Exit{}
}
