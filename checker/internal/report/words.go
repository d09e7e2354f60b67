package report

import (
	"regexp"
	"strings"
)

// A phrase puts what the go command or the runtime says into plain words.
type phrase struct {
	pattern *regexp.Regexp
	words   string // $1 stands for what the first group matched
}

func phrases(pairs ...string) []phrase {
	var all []phrase
	for i := 0; i < len(pairs); i += 2 {
		all = append(all, phrase{regexp.MustCompile(pairs[i]), pairs[i+1]})
	}
	return all
}

// plain returns the words for text, or "" if there are none.
func plain(all []phrase, text string) string {
	for _, p := range all {
		if m := p.pattern.FindStringSubmatchIndex(text); m != nil {
			return string(p.pattern.ExpandString(nil, p.words, text, m))
		}
	}
	return ""
}

// panicPhrases are for the values of panics and fatal errors.
var panicPhrases = phrases(
	`^assignment to entry in nil map`, "a value is put into a map that is nil; make the map first, with make(map[...]...)",
	`index out of range \[(-\d+)\]`, "an index is negative: $1",
	`index out of range \[(\d+)\] with length 0`, "index $1 of something that is empty; compare with len first",
	`index out of range \[(\d+)\] with length (\d+)`, "index $1 of something with $2 elements; the first is 0, so $1 is too far",
	`slice bounds out of range \[:(\d+)\] with (?:capacity|length) (\d+)`, "a slice up to $1 of something that ends at $2",
	`slice bounds out of range \[(\d+):(\d+)\]`, "a slice from $1 to $2: it would end before it begins",
	`slice bounds out of range \[-1:`, "a slice from a negative place, -1; did a search find nothing and return -1?",
	`slice bounds out of range \[:-1\]`, "a slice up to a negative place, -1; did a search find nothing and return -1?",
	`slice bounds out of range \[(-\d+):`, "a slice from a negative place, $1; was something subtracted too often, or did a number overflow?",
	`slice bounds out of range \[:(-\d+)\]`, "a slice up to a negative place, $1; was something subtracted too often, or did a number overflow?",
	`slice bounds out of range \[(\d+):\] with (?:capacity|length) (\d+)`, "a slice from $1 of something that ends at $2",
	`nil pointer dereference`, "something that is nil is used as if it were there: a field or a method of a nil pointer, or of an interface that holds nothing",
	`integer divide by zero`, "a division by zero",
	`^send on closed channel`, "something is sent on a channel that is closed",
	`^close of closed channel`, "a channel is closed a second time",
	`^close of nil channel`, "a channel that is nil is closed; make it first",
	`negative WaitGroup counter`, "a WaitGroup's Done is called more often than its Add",
	`WaitGroup is reused before previous Wait`, "a WaitGroup's Add is called while Wait is still returning",
	`unlock of unlocked`, "a lock is unlocked that nobody holds",
	`all goroutines are asleep`, "a deadlock: every goroutine waits for another one",
	`concurrent map (?:writes|read and map write|iteration and map write)`, "two goroutines use a map at once and one of them writes; guard it with a lock",
	`^stack overflow`, "a function calls itself without an end",
	`makeslice: len out of range`, "a slice is made with a length that is negative or far too big",
	`^interface conversion: (.*)`, "a value has another type than v.(T) expects: $1",
	`^unexpected call to os\.Exit\((\d+)\)`, "your code ends the whole program with os.Exit($1), or with log.Fatal; return an error instead",
	`range function continued iteration after function for loop body returned false`, "an iterator goes on after its loop was left: where yield returns false, return at once",
	`range function continued iteration after whole loop exit`, "an iterator calls yield after its loop has ended",
	`out of memory|cannot allocate memory`, "the program used up the memory; is something appended or read without a limit?",
)

// statePhrases say what a goroutine does that is in a state.
var statePhrases = phrases(
	`^chan receive \(nil chan\)`, "receives from a channel that is nil, which waits for ever; make the channel first",
	`^chan send \(nil chan\)`, "sends on a channel that is nil, which waits for ever; make the channel first",
	`^chan receive`, "waits to receive from a channel, but nothing is sent and nobody closes it",
	`^chan send`, "waits to send on a channel, but nobody receives",
	`^select \(no cases\)`, "waits in an empty select, which never ends",
	`^select`, "waits in a select of which no case becomes ready",
	`^IO wait`, "waits for the network: a Read, Write or Accept that nothing ends",
	`^sync\.RWMutex|^sync\.Mutex|^semacquire`, "waits for a lock that is never released; perhaps it holds the lock itself",
	`^sync\.WaitGroup\.Wait`, "waits for a WaitGroup whose goroutines never all call Done",
	`^sync\.Cond\.Wait`, "waits on a Cond that nobody signals",
	`^(?:running|runnable|copystack|preempted|flushing proc caches|garbage|GC )`, "is still running: a loop that never ends, or work that grows much faster than the input",
	`^sleep`, "sleeps, again and again or for very long",
	`^syscall`, "waits for the operating system",
)

// state says what a goroutine does.
func state(s string) string {
	if words := plain(statePhrases, s); words != "" {
		return words
	}
	return "waits: " + s
}

// buildPhrases are for complaints of the compiler, of vet and of the go command.
var buildPhrases = phrases(
	`^declared and not used`, "Go refuses a variable that nothing reads: use it, or delete it.",
	`imported and not used`, "Go refuses an import that nothing uses: use it, or delete that line.",
	`^no new variables on left side of :=`, "These variables exist already: write = instead of :=.",
	`^missing return`, "Every way through the function has to end with a return.",
	`^(?:undefined: |undeclared name)`, "Nothing here has that name: a typo, an import that is missing, or something still to be written.",
	`redeclared in this block`, "Two things in the package have the same name: rename one, or delete it.",
	`^syntax error`, "Often a brace, a bracket or a comma is missing, here or a few lines above.",
	`mismatched types`, "Both sides must have the same type: convert one of them, as in int(x).",
	`^assignment mismatch`, "The left side must have as many names as the right side has values; _ throws one away.",
	`^not enough return values|^too many return values`, "A return gives exactly the results that the function's first line lists.",
	`import cycle not allowed`, "A step may import earlier steps only, and never itself.",
	`found packages`, "All files in one folder begin with the same package name.",
	`is not in std|no required module provides`, "There is no such package here: the steps need the standard library only. A typo?",
	`of wrong type|call needs \d+ arg|reads arg #\d+|possible formatting directive|call has arguments but`, "go vet compares formats with their arguments: this verb does not fit the type of its argument.",
	`missing method`, "The type needs every method of the interface, with the same parameters and results.",
)

// buildWords says what a complaint means, or "".
func buildWords(msg string) string {
	return plain(buildPhrases, strings.TrimSpace(msg))
}
