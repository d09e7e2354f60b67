package runs_test

// server is for a system that has signals.
func (s *scratch) server() {}
