package keepalive

// This file is for how a connection ends.
