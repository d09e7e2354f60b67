package wire

// An Err is what matters of an error: its class, never its text.
type Err struct {
	Kind   string `json:"kind,omitempty"`   // "" for nil, "protocol", "other", or a name that the step gives
	Status int    `json:"status,omitempty"` // of a protocol error
	Offset int    `json:"offset,omitempty"` // likewise
	Text   string `json:"text,omitempty"`   // for people; never compared
}

// OnFault is called by Fault, where it is set: in the exam, whose reference must never
// come by there. It panics.
var OnFault func(why string)

// Fault is the Err of an answer that is none, and says why. It is for whom is examined:
// that a reference has no answer either would make two of them the same.
func Fault(why string) Err {
	if OnFault != nil {
		OnFault(why)
	}
	return Err{Kind: why}
}
