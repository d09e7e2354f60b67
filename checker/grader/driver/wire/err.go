package wire

// An Err is what matters of an error: its class, never its text.
type Err struct {
	Kind   string `json:"kind,omitempty"`   // "" for nil, "protocol", "other", or a name that the step gives
	Status int    `json:"status,omitempty"` // of a protocol error
	Offset int    `json:"offset,omitempty"` // likewise
	Text   string `json:"text,omitempty"`   // for people; never compared
}
