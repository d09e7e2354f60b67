//starter:omit

package server

import (
	"net"
	"net/netip"
	"slices"

	"barewire/solutions/08-rate-limiting"
)

// This file is for the bound on the connections of one client.

// count puts a connection on the list of its client, of which it takes it as its
// RemoteAddr says, and says whether there is room for it. A list goes with its last
// connection, so that there are no more lists than connections.
func (t *Conns) count(k *track) bool {
	client := t.clientOf(k.peer)
	for {
		t.mu.Lock()
		t.unlist(k)
		mine := t.clients[client]
		if !client.IsValid() || len(mine) < t.MaxPerClient {
			t.list(k, client)
			t.mu.Unlock()
			return true
		}
		w, ok := longest(mine)
		if !ok {
			t.stats.Refused++
			t.mu.Unlock()
			return false
		}
		t.mu.Unlock()
		t.drop(w)
	}
}

// clientOf returns the key of the client at an address. It is not valid for one whose
// connections nobody counts.
func (t *Conns) clientOf(peer net.Addr) netip.Prefix {
	addr := ipOf(peer)
	if t.MaxPerClient <= 0 || addr.IsLoopback() || anyHas(t.Trusted, addr) {
		return netip.Prefix{}
	}
	return ratelimit.ClientKey(addr)
}

// anyHas says whether an address is in one of these networks.
func anyHas(networks []netip.Prefix, addr netip.Addr) bool {
	return slices.ContainsFunc(networks, func(p netip.Prefix) bool { return p.Contains(addr) })
}

// ipOf returns the IP address of peer. It is not valid if that has none.
func ipOf(peer net.Addr) netip.Addr {
	if tcp, ok := peer.(*net.TCPAddr); ok {
		return tcp.AddrPort().Addr().Unmap().WithZone("")
	}
	if peer == nil {
		return netip.Addr{}
	}
	addr, _ := netip.ParseAddrPort(peer.String()) // the error is the invalid address
	return addr.Addr().Unmap().WithZone("")
}

// list puts k on the list of a client. The caller holds t.mu.
func (t *Conns) list(k *track, client netip.Prefix) {
	if !client.IsValid() {
		return
	}
	if t.clients == nil {
		t.clients = make(map[netip.Prefix][]*track)
	}
	t.clients[client] = append(t.clients[client], k)
	k.client = client
}

// unlist takes k off its list, if it is on one. The caller holds t.mu.
func (t *Conns) unlist(k *track) {
	if !k.client.IsValid() {
		return
	}
	mine := t.clients[k.client]
	i := slices.Index(mine, k)
	if mine = slices.Delete(mine, i, i+1); len(mine) > 0 {
		t.clients[k.client] = mine
	} else {
		delete(t.clients, k.client)
	}
	k.client = netip.Prefix{}
}

// longest returns the connection that has been idle for longest, if one has been for
// MinIdle.
func longest(all []*track) (found waiting, ok bool) {
	latest := age() - int64(MinIdle)
	for _, k := range all {
		if since := k.idle.Load(); since > 0 && since <= latest {
			found, ok, latest = waiting{k, since}, true, since-1
		}
	}
	return found, ok
}
