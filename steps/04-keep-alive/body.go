package keepalive

// This file is for the content of a request, as an io.Reader.
