package keepalive

// This file is for the ResponseWriter: what frames a response.
