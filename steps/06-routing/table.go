package router

// This file is for the table: a tree for each host, and one for any.
