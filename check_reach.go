package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"syscall"
	"time"
)

// reach says whether http.public_url leads to this machine's http.listen. It asks once, at the
// address that the operator wrote and nowhere else.
func (k *checkup) reach(ctx context.Context, cfg config) {
	const what = "public_url"
	if cfg.PublicURL == "" || cfg.Listen == "" {
		return // it was not written, or not well: that is said above
	}
	way := newAsker(directTransport())
	nonce, end, err := present(ctx, cfg, way)
	if err != nil {
		k.fix("http.listen", err.Error())
		return
	}
	found, err := way.ask(ctx, cfg.PublicURL)
	end()
	switch f := judge(nonce, found, err); {
	case f.broken:
		k.fix(what, f.text)
	case f.doubt:
		k.note(what, f.text)
	default:
		k.fine(what, f.text)
	}
}

// present gives the nonce of the program that runs here. When none does, it answers for it on
// http.listen, until end is called.
func present(ctx context.Context, cfg config, way asker) (nonce string, end func(), err error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", cfg.Listen)
	if errors.Is(err, syscall.EADDRINUSE) {
		found, err := way.ask(ctx, localAddress(cfg.Listen))
		if err != nil {
			return "", nil, fmt.Errorf("%s is taken by a program that is no troupe. End that one, or write another port", cfg.Listen)
		}
		return found.Troupe, func() {}, nil
	}
	if err != nil {
		return "", nil, fmt.Errorf("%s cannot be listened on (%w). Write another address and port", cfg.Listen, err)
	}
	here, err := newInstance(append(cfg.FormerURLs, cfg.PublicURL)...)
	if err != nil {
		return "", nil, errors.Join(err, listener.Close())
	}
	mux := http.NewServeMux()
	mux.Handle("GET "+instancePath, here)
	server := &http.Server{Handler: mux, ReadHeaderTimeout: questionTime, ReadTimeout: questionTime, WriteTimeout: questionTime, MaxHeaderBytes: maxHeaderBytes}
	ended := make(chan struct{})
	go func() { // end waits for it
		defer close(ended)
		_ = server.Serve(listener) // how it ends, end decides
	}()
	return here.nonce, func() {
		ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		if server.Shutdown(ending) != nil {
			_ = server.Close() // what is still open is nobody's any more
		}
		<-ended
	}, nil
}

// localAddress is where this machine reaches what listens on an address.
func localAddress(listen string) string {
	host, port, err := net.SplitHostPort(listen)
	if ip := net.ParseIP(host); err != nil || host == "" || (ip != nil && ip.IsUnspecified()) {
		host = "127.0.0.1"
	}
	return "http://" + net.JoinHostPort(host, port)
}
