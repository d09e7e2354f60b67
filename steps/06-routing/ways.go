package router

// This file is for the ways on which text leads from node to node: a hash table.
