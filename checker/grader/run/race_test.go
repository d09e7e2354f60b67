package run

import (
	"testing"

	"barewire/checker/grader/result"

	"github.com/google/go-cmp/cmp"
)

const raceReport = `driver: something
==================
WARNING: DATA RACE
Write at 0x00c0000a4010 by goroutine 9:
  runtime.mapassign_faststr()
      internal/runtime/maps/runtime_faststr.go:263 +0x0
  barewire/steps/05-thread-pool.(*Pool).Submit()
      barewire/steps/05-thread-pool/pool.go:88 +0x84

Previous read at 0x00c0000a4010 by goroutine 7:
  barewire/steps/05-thread-pool.(*Pool).work()
      barewire/steps/05-thread-pool/worker.go:40 +0x64

Goroutine 9 (running) created at:
  barewire/steps/05-thread-pool.New()
      barewire/steps/05-thread-pool/pool.go:12 +0x84
==================
==================
WARNING: DATA RACE
Read at 0x00c0000a4010 by main goroutine:
  barewire/checker/grader/driver/step05.Register()
      barewire/checker/grader/driver/step05/step05.go:8 +0x84

Previous write at 0x00c0000a4010 by goroutine 7:
  barewire/own/05-thread-pool.work()
      barewire/own/05-thread-pool/worker.go:41 +0x64
==================
==================
WARNING: DATA RACE
a lie: Write at 0x1 by nobody
==================
`

func TestRaces(t *testing.T) {
	want := []result.Finding{
		{Kind: result.Race, File: "steps/05-thread-pool/pool.go", Line: 88, Text: "a data race: this write and the read at worker.go:40, by another goroutine, are in no order"},
		{Kind: result.Race, File: "steps/05-thread-pool/worker.go", Line: 41, Text: "a data race: this write is not in order with what another goroutine does"},
	}
	if diff := cmp.Diff(want, races([]byte(raceReport+raceReport))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func FuzzRaces(f *testing.F) {
	f.Add([]byte(raceReport))
	f.Fuzz(func(t *testing.T, output []byte) {
		for _, r := range races(output) {
			if r.Kind != result.Race || r.File == "" {
				t.Errorf("%+v", r)
			}
		}
	})
}
