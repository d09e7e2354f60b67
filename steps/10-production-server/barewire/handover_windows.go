package main

import (
	"log/slog"
	"os"
	"os/signal"
)

// inherited returns nil: sockets cannot be handed over here.
func inherited() (*sockets, error) { return nil, nil }

// signals is what listens to them.
type signals struct {
	ch   chan os.Signal
	done chan struct{}
}

// watch calls stop at the first interrupt, and ends the process at the second,
// after closeLogs.
func watch(_ *sockets, stop func(), log *slog.Logger, closeLogs func()) *signals {
	w := &signals{make(chan os.Signal, 4), make(chan struct{})}
	signal.Notify(w.ch, os.Interrupt)
	go func() {
		for stopping := false; ; {
			select {
			case <-w.done:
				return
			case <-w.ch:
				if stopping {
					log.Error("barewire: second signal: ending at once")
					closeLogs()
					os.Exit(exitFailed)
				}
				log.Info("barewire: stopping; requests that have arrived are answered first")
				stopping = true
				stop()
			}
		}
	}()
	return w
}

func (w *signals) end() {
	signal.Stop(w.ch)
	close(w.done)
}
