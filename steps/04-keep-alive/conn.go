package keepalive

// This file is for the connection: its buffers, and the loop that serves one request after another.
