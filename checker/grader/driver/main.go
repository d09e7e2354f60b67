// Command driver is what a submission is examined in. It links all ten steps and
// runs in a sandbox, where it holds nothing but a listening unix socket, as file
// descriptor 3. The exam, which links none of the submission, connects to that and
// asks; package wire says how.
//
// # What the build has to lay
//
// The packages step01 to step10 beside this file are adapters: functions that take
// an argument from the exam, call the step, and return what came of it in a form
// that can be compared. They are written once and import barewire/solutions/...:
// so the exam calls the very same functions for the reference, in its own process.
// The driver of a submission has copies of them, at the same import path
// (barewire/checker/grader/driver/stepNN) in a tree of the checker's own, in which
// every "barewire/solutions/" has become "barewire/steps/". Nothing else in them
// changes. A copy of this folder without _test.go files is all that the tree needs
// beside go.mod, the steps and, where solutions/10-production-server lies, nothing:
// driver and wire import the standard library only.
//
// Steps 9 and 10 make temporary files: the box needs a small file system to write on at
// TMPDIR, or at /tmp (16 MiB are enough). Step 10 talks TCP with itself on the loopback of
// the box where it may, and goes without where it may not.
//
// A step is examined if `go build barewire/checker/grader/driver/stepNN` succeeds:
// the student's package compiles, and has what the starter has. The build then
// writes links.go anew, with the Register functions of these packages alone, and
// with -ldflags '-s -w', CGO_ENABLED=0 and -trimpath builds
// barewire/checker/grader/driver. A step that is missing from links.go is "not
// reached" for the exam, with the compiler's message as the reason: see
// exam.Unbuilt.
//
// A package of the submission may end the program before main is reached, and so
// take the other steps with it. Whoever starts drivers greets one first (exam.Greet),
// and may then build another with fewer steps in links.go.
package main

import (
	"fmt"
	"net"
	"os"

	"barewire/checker/grader/driver/wire"
)

func main() {
	file := os.NewFile(3, "listener")
	ln, err := net.FileListener(file)
	if err != nil {
		fmt.Fprintln(os.Stderr, "driver: file descriptor 3 is no listening socket:", err)
		os.Exit(2)
	}
	_ = file.Close()
	for _, register := range links {
		register()
	}
	fmt.Fprintln(os.Stderr, "driver:", wire.Serve(ln))
	os.Exit(2)
}
