package router

// This file is for the tree: one node for each slash, whatever the number of routes.
