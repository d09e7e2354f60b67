// Package exam examines a submission from outside. The submission is compiled into
// a driver (package main in checker/grader/driver) that runs in a box and can do
// nothing but answer; this side, which links none of it, draws inputs from a seed,
// asks, and compares with the reference. The submission never says how it did.
//
// [Run] runs the checks of some steps and returns a [Result] for each: passed,
// failed, or not reached because of something else. It is given a [Driver], which
// starts the submission's program, and does not know what a sandbox is. Its error
// is a fault of the infrastructure: then nobody has failed.
//
// It leaves out points (package rubric) and what results look like (package
// convert).
//
// Read check.go first, then run.go, driver.go and compare.go; session.go and
// client.go are for what runs and is talked to. stepNN.go has the checks.
//
// # How to add a check
//
// A check is one property of one task. It holds for every input or the check has
// failed: always answering "error", or "yes", must earn nothing. So each check has
// inputs of several classes, those that are right and those that are not in about
// equal numbers, and a class says in words what its inputs are: it may be shown to
// a student even if the input is hidden.
//
//  1. The adapter, driver/stepNN: a function from an argument to what came of it,
//     in a form that can be compared, and a line in Register. Bytes are []byte, never
//     string: JSON has no strings that are not UTF-8. An error becomes a wire.Err: its
//     class and status, not its text. Where something is left open (nil or empty, the
//     order of what has none), the adapter makes it one. Adapters import
//     barewire/solutions; in a submission's driver that is its own steps.
//  2. The check, exam/stepNN.go: an entry in steps, with an ID of the task and a word,
//     a title that says what must hold, and why. Its function draws cases from x (an
//     *X is a *Rand) and hands them to [Compare] with the adapter's function, which
//     runs on the reference here and on the submission there. All randomness comes from
//     x: the seed and the ID replay a failure. CompareOr has a last word where the
//     RFC or the doc comment allow more than one answer. Case.Off says where an offset
//     must be, where that is pinned.
//  3. What is compared must be pinned: by the RFC with MUST, by the doc comment in the
//     starter, or by the step's tests. Read these first. A correct solution that was
//     written in quite another way must pass.
//
// For what runs (servers, pools, handlers), the adapter is a session: an object that
// lives as long as its connection. wire.HandleSession makes it, wire.On says what the
// exam may call, Session.Emit tells of something, and Session.Ask tells and waits
// for the exam's word: so the exam sees order and concurrency by itself, and says
// when a task goes on. Session.Listen is a listener whose connections the exam opens
// with [X.Dial]. The check has Live, and Needs the checks without which it would only
// wait for time-outs; Alone if it counts what the driver has open or is likely to end
// the program, Story if it calls what happens in wire.Bubble. Lower bounds of time are exact, upper bounds are x.Patience(): the
// machine is busy. Never sleep to wait for something that can be asked.
//
// Then, for step 2:
//
//	go test ./checker/grader/exam                              the reference passes, the starter does not
//	go test ./checker/grader/exam -run TestReference -count 20 with other seeds
//	go test ./checker/grader/exam -run TestWrong -v -timeout 1h -wrong 2   which wrong programs are caught, by task
//	... -wrong 2 -program 2.4-                                             some of them, with what failed
//
// Four in five of the wrong programs of each task are the aim; those that are missed
// are listed.
package exam
