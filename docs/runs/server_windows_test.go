package runs_test

// server is for systems that have signals.
func (s *scratch) server() { s.t.Skip("the sessions of the manual are those of Linux") }
