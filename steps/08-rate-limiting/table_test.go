package ratelimit_test

import (
	"fmt"
	"testing"

	"barewire/checker/testkit"
	ratelimit "barewire/steps/08-rate-limiting"
)

// A ledger is a Table with what each of its keys has used.
type ledger struct {
	t     *testing.T
	table ratelimit.Table[string]
	keys  []string
	used  []int
	uses  int // how many calls there were
	looks int // at how many slots the last one has looked
}

func newLedger(t *testing.T, size int) *ledger {
	return &ledger{t: t, table: ratelimit.Table[string]{Size: size}, keys: make([]string, size), used: make([]int, size)}
}

// use looks a key up, notes that it has used so much, and says whether it was known.
func (l *ledger) use(key string, used int) bool {
	l.t.Helper()
	l.looks = 0
	l.uses++
	doing := fmt.Sprintf("in a table with Size %d, %q is looked up, the %d. key", len(l.keys), key, l.uses)
	slot, known := l.table.Slot(key, func(slot int) int {
		l.looks++
		if slot < 0 || slot >= len(l.used) {
			testkit.Report{Doing: doing, Want: "a slot that has been given out", Got: fmt.Sprintf("used(%d)", slot), Why: "the caller has something for the slots from 0 to Size-1 only"}.Fatal(l.t)
		}
		return l.used[slot]
	})
	if slot < 0 || slot >= len(l.keys) {
		testkit.Report{Doing: doing, Want: fmt.Sprintf("a slot from 0 to %d", len(l.keys)-1), Got: fmt.Sprint(slot), Why: "the table is bounded by Size"}.Fatal(l.t)
	}
	if known && l.keys[slot] != key {
		testkit.Report{Doing: doing, Want: fmt.Sprintf("the slot of %q", key), Got: fmt.Sprintf("slot %d, known, which is that of %q", slot, l.keys[slot]), Why: "two clients in one slot share one quota"}.Fatal(l.t)
	}
	l.keys[slot], l.used[slot] = key, used
	return known
}

func (l *ledger) must(key string, used int, known bool, why string) {
	l.t.Helper()
	if got := l.use(key, used); got != known {
		doing := fmt.Sprintf("in a table with Size %d, %q is looked up, the %d. key", len(l.keys), key, l.uses)
		testkit.Report{Doing: doing, Want: fmt.Sprintf("%q known: %v", key, known), Got: fmt.Sprint(got), Why: why}.Fatal(l.t)
	}
}

// Whatever the size, and wherever it stands: who has used nothing is found.
func TestTask3_EverySlot(t *testing.T) {
	for size := 1; size <= 40; size++ {
		for idle := range size {
			l := newLedger(t, size)
			for i := range size {
				used := 5
				if i == idle {
					used = 0
				}
				l.must(fmt.Sprint("key ", i), used, false, "it is new")
			}
			if last := fmt.Sprint("key ", size-1); l.keys[size-1] != last {
				testkit.Report{Doing: fmt.Sprintf("%d keys come, and Size is %d", size, size), Want: fmt.Sprintf("%q in slot %d", last, size-1), Got: fmt.Sprintf("%q in slot %d", l.keys[size-1], size-1),
					Why: "slots are given out from 0 upwards while there are free ones"}.Fatal(t)
			}
			for i := range size {
				l.must(fmt.Sprint("new ", i), 5, false, "it is new")
			}
			for slot, key := range l.keys {
				if key == fmt.Sprint("key ", idle) && slot < size {
					testkit.Report{Doing: fmt.Sprintf("%d keys are known, of which the one in slot %d has used nothing and all others 5; %d new keys come, and use 5 each", size, idle, size),
						Want: "the one that has used nothing is forgotten", Got: "it is still there", Why: "all slots get their turn: what is looked at must not begin at the same few slots again and again"}.Fatal(t)
				}
			}
		}
	}
}

func TestTask3_Table(t *testing.T) {
	t.Run("a key keeps its slot", func(t *testing.T) {
		l := newLedger(t, 3)
		for _, key := range []string{"a", "b", "c"} {
			l.must(key, 1, false, "it is new")
		}
		for range 3 {
			for _, key := range []string{"c", "a", "b"} {
				l.must(key, 1, true, "there is room for three keys, so none is forgotten")
			}
		}
	})
	t.Run("slots are given out from 0", func(t *testing.T) {
		table := ratelimit.Table[int]{Size: 5}
		for want := range 5 {
			if slot, _ := table.Slot(100+want, func(int) int { return 0 }); slot != want || table.Len() != want+1 {
				testkit.Report{Want: fmt.Sprintf("slot %d, and %d keys", want, want+1), Got: fmt.Sprintf("slot %d, and %d keys", slot, table.Len()), Why: "the caller may grow with the table; a free slot is taken before anything is forgotten"}.Fatal(t)
			}
		}
	})
	t.Run("a full table forgets one for each new one", func(t *testing.T) {
		l := newLedger(t, 20)
		for i := range 1000 {
			l.must(fmt.Sprint(i), 1, false, "it is new")
			if want := min(i+1, 20); l.table.Len() != want {
				testkit.Report{Want: fmt.Sprintf("%d keys after %d", want, i+1), Got: fmt.Sprint(l.table.Len()), Why: "Size is 20, and anybody can make up keys"}.Fatal(t)
			}
		}
		l.must("999", 1, true, "the last key is there")
		known := 0
		for i := range 999 {
			for _, key := range l.keys {
				if key == fmt.Sprint(i) {
					known++
				}
			}
		}
		if known != 19 {
			testkit.Report{Want: "19 of the other keys still there", Got: fmt.Sprint(known), Why: "each new key takes one slot"}.Error(t)
		}
	})
	t.Run("a forgotten key is new again", func(t *testing.T) {
		l := newLedger(t, 1)
		l.must("a", 1, false, "it is new")
		l.must("b", 1, false, "it is new")
		l.must("a", 1, false, "b has taken the only slot")
		l.must("a", 1, true, "a has taken it back")
	})
	t.Run("the smallest table that has a choice", func(t *testing.T) {
		l := newLedger(t, 2)
		l.must("heavy", 9, false, "it is new")
		for i := range 50 {
			l.must(fmt.Sprint(i), 1, false, "it is new")
		}
		l.must("heavy", 9, true, "in a table that is smaller than Sample all keys are compared")
	})
}

func TestTask3_Flood(t *testing.T) {
	for _, size := range []int{ratelimit.Sample, 9, 64, 1000} {
		t.Run(fmt.Sprintf("clients that have used much outlast a flood in a table of %d", size), func(t *testing.T) {
			l := newLedger(t, size)
			for i := range ratelimit.Sample - 1 {
				l.must(fmt.Sprint("heavy ", i), 10+i, false, "it is new")
			}
			for i := range 20 * size {
				l.must(fmt.Sprint("flood ", i), 1, false, "it is new")
			}
			for i := range ratelimit.Sample - 1 {
				l.must(fmt.Sprint("heavy ", i), 10+i, true, "fewer than Sample keys have used more than the others, so none of them is forgotten: or a flood of keys gives a client its quota back")
			}
		})
	}
	t.Run("neighbours of a heavy client are worth no more than others", func(t *testing.T) {
		// The heavy ones stand together, at the end of the table.
		l := newLedger(t, 64)
		for i := range 64 {
			used := 1
			if i >= 64-(ratelimit.Sample-1) {
				used = 10
			}
			l.must(fmt.Sprint(i), used, false, "it is new")
		}
		for i := range 2000 {
			l.must(fmt.Sprint("flood ", i), 1+i%3, false, "it is new")
		}
		for i := 64 - (ratelimit.Sample - 1); i < 64; i++ {
			l.must(fmt.Sprint(i), 10, true, "fewer than Sample keys have used more than the others, so none of them is forgotten")
		}
	})
	t.Run("a key that has used nothing goes first", func(t *testing.T) {
		for _, idle := range []int{0, 5, 31, 63} {
			l := newLedger(t, 64)
			for i := range 64 {
				l.must(fmt.Sprint(i), 1, false, "it is new")
			}
			if l.table.Len() != 64 {
				testkit.Report{Want: "64 keys", Got: fmt.Sprint(l.table.Len()), Why: "there is room for all of them"}.Fatal(t)
			}
			l.used[idle] = 0
			for i := range 64 {
				l.must(fmt.Sprint("new ", i), 1, false, "it is new")
			}
			for _, key := range l.keys {
				if key == fmt.Sprint(idle) {
					testkit.Report{Doing: "in a full table one key has used nothing, and as many new keys come as it has slots", Want: "gone after Size new keys", Got: fmt.Sprintf("slot %d still has it", idle), Why: "all slots get their turn, and one that need not be remembered is the first to go"}.Fatal(t)
				}
			}
		}
	})
	t.Run("a new key does not cost more in a large table", func(t *testing.T) {
		l := newLedger(t, 5000)
		most := 0
		for i := range 6000 {
			l.must(fmt.Sprint(i), 1, false, "it is new")
			if most = max(most, l.looks); l.looks > ratelimit.Sample {
				testkit.Report{Doing: "a new key comes to a full table with Size 5000", Want: fmt.Sprintf("at most %d looks at slots", ratelimit.Sample), Got: fmt.Sprint(l.looks), Why: "a flood of new keys must not cost the server a walk through its table each"}.Fatal(t)
			}
		}
		if most < 2 {
			testkit.Report{Want: "a choice between several slots", Got: fmt.Sprintf("%d looks at slots", most), Why: "without looking nobody knows who has used the least"}.Error(t)
		}
	})
}
