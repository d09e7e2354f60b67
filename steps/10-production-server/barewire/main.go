// Command barewire serves a folder, with the server of the workshop.
//
//	barewire -root site                        serve the folder site
//	barewire echo                              a program to point tools at
//	barewire -help                             all settings
//	barewire -root site -print-config          what they are now, as a file for -config
//
// A setting is a flag, a variable of the environment (-max-conns is
// BAREWIRE_MAX_CONNS), or a line in the file that -config names ("max-conns = 500");
// the first of these that has it counts. What is wrong with one is said before
// anything listens.
//
// SIGTERM and SIGINT end it without losing a request; a second one ends it at once.
// SIGHUP starts the program anew, perhaps a newer version of it or with another file
// of settings, and hands it the listening sockets; the old one then ends.
//
// It exits with 0 when it has ended as it was asked to, with 1 when it could not
// listen or had to cut off requests, and with 2 for settings that are wrong.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"strings"

	"barewire/steps/04-keep-alive"
	"barewire/steps/09-static-files"
	"barewire/steps/10-production-server"
)

// What the program exits with.
const (
	exitFailed = 1
	exitUsage  = 2
)

func main() { os.Exit(run(os.Args[1:], os.LookupEnv, os.Stdout, os.Stderr)) }

// run is main with everything that it touches as an argument.
func run(args []string, env func(string) (string, bool), out, errs io.Writer) int {
	echo := len(args) > 0 && args[0] == "echo"
	if echo {
		args = args[1:]
	} else if len(args) > 0 && !strings.HasPrefix(args[0], "-") {
		fmt.Fprintf(errs, "barewire: there is no command %q; barewire -help lists what there is\n", args[0])
		return exitUsage
	}
	s := newSettings()
	if echo {
		s.config.Handler = keepalive.HandlerFunc(echoBack)
	}
	switch err := s.load(args, env); {
	case errors.Is(err, flag.ErrHelp):
		s.usage(out)
		return 0
	case err != nil:
		fmt.Fprintf(errs, "barewire: %v\n", err)
		return exitUsage
	case echo && s.root != "":
		fmt.Fprintln(errs, "barewire: -root: echo serves no files; leave one of the two out")
		return exitUsage
	case s.printConfig:
		s.print(out)
		return 0
	}
	srv, cleanup, err := s.server(errs)
	if err != nil {
		fmt.Fprintf(errs, "barewire: %v\n", s.named(err))
		return exitUsage
	}
	err = serve(srv, s, out)
	cleanup()
	if err != nil {
		fmt.Fprintf(errs, "barewire: %v\n", err)
		return exitFailed
	}
	return 0
}

// server makes the server of the settings, and a function that closes its files and
// its logs.
func (s *settings) server(errs io.Writer) (*server.Server, func(), error) {
	cleanup := func() {}
	var files *static.Files
	if s.root != "" {
		var err error
		if files, err = static.Open(s.root); err != nil {
			return nil, nil, fmt.Errorf("-root: %w", err)
		}
		cleanup = func() { files.Close() }
		files.Listing, files.DotFiles, files.Precompressed = s.listing, s.dotFiles, s.precompressed
		if s.cacheControl != "" {
			files.CacheControl = func(string) string { return s.cacheControl }
		}
	}
	closeFiles := cleanup
	cleanup = func() { closeFiles(); s.closeLogs() }
	if err := s.openLogs(errs); err != nil {
		cleanup()
		return nil, nil, err
	}
	srv, err := server.New(s.config)
	if err != nil {
		cleanup()
		return nil, nil, err
	}
	srv.Metrics.Log = s.logs
	if files != nil {
		files.ErrorLog = s.config.ErrorLog
		srv.Handle("GET /", files) // other methods are the router's to refuse
	} else {
		srv.HandleFunc("GET /{$}", welcome)
	}
	return srv, cleanup, nil
}

// welcome is for whoever started the program without a folder.
func welcome(w keepalive.ResponseWriter, r *keepalive.Request) {
	keepalive.Text(w, 200, "This is barewire. It serves a folder if you start it with -root FOLDER.\n")
}

// serve listens, says so, and serves until a signal comes.
func serve(srv *server.Server, s *settings, out io.Writer) error {
	sockets, err := listen(s.config)
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	signals := watch(sockets, stop, s.config.ErrorLog, s.closeLogs)
	defer signals.end()
	scheme := "http"
	if s.config.CertFile != "" {
		scheme = "https"
	}
	fmt.Fprintf(out, "listening on %s://%s\n", scheme, sockets.main.Addr())
	if sockets.admin != nil {
		fmt.Fprintf(out, "health and metrics on http://%s\n", sockets.admin.Addr())
	}
	sockets.ready()
	return srv.RunOn(ctx, sockets.main, sockets.admin)
}

// sockets are what the program listens on.
type sockets struct {
	main, admin net.Listener
	parent      *os.File // closed to tell it that this process has taken over; nil without one
}

// ready tells the process that has started this one that it can end.
func (s *sockets) ready() {
	if s.parent != nil {
		s.parent.Write([]byte("ready"))
		s.parent.Close()
	}
}

// listen opens the sockets of a Config, or takes over those that the process has
// been given.
func listen(c server.Config) (*sockets, error) {
	s, err := inherited()
	if s != nil || err != nil {
		return s, err
	}
	s = &sockets{}
	if c.Addr == "" {
		c.Addr = server.DefaultAddr
	}
	if s.main, err = net.Listen("tcp", c.Addr); err != nil {
		return nil, fmt.Errorf("-addr: %w", err)
	}
	if c.AdminAddr == "" {
		return s, nil
	}
	if s.admin, err = net.Listen("tcp", c.AdminAddr); err != nil {
		s.main.Close()
		return nil, fmt.Errorf("-admin-addr: %w", err)
	}
	return s, nil
}
