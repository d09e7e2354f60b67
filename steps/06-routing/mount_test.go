package router_test

import (
	"strings"
	"testing"

	"barewire/checker/testkit"
	keepalive "barewire/steps/04-keep-alive"
	router "barewire/steps/06-routing"
)

// shop is a router as another package would export it.
func shop() *router.Router {
	r := new(router.Router)
	r.Use(tag("shop"))
	r.HandleFunc("GET /{$}", says("shop"))
	r.HandleFunc("GET /items/{id}", says("GET /items/{id}"), tag("item"))
	r.Group("/cart", tag("cart")).HandleFunc("POST", says("cart"))
	return r
}

func TestTask10_Mount(t *testing.T) {
	runCalls(t, []call{
		{"the routes get a prefix", "the other router need not know where it is",
			func(r *router.Router) { r.Mount("/shop", shop()) },
			"GET /shop/", "shop > 200 shop"},
		{"path values are those of the routes", "the prefix has no name",
			func(r *router.Router) { r.Mount("/shop", shop()) },
			"GET /shop/items/7", "shop > item > 200 GET /items/{id} id=7"},
		{"groups of the other router", "they keep their prefix and their middleware",
			func(r *router.Router) { r.Mount("/shop", shop()) },
			"POST /shop/cart", "shop > cart > 200 cart"},
		{"middleware from the outside in", "the router's, that of the group, that of Mount, that of the other router, the route's",
			func(r *router.Router) {
				r.Use(tag("1"))
				r.Group("/a", tag("2")).Mount("/shop", shop(), tag("3"))
			},
			"GET /a/shop/items/7", "1 > 2 > 3 > shop > item > 200 GET /items/{id} id=7"},
		{"the other router's middleware is around its routes only", "a 404 is this router's, also below the prefix",
			func(r *router.Router) { r.Mount("/shop", shop()) },
			"GET /shop/nothing", "404"},
		{"below no prefix", "then its routes are beside those that are here",
			func(r *router.Router) {
				r.Mount("", shop())
				r.HandleFunc("GET /about", says("about"))
			},
			"GET /items/7", "shop > item > 200 GET /items/{id} id=7"},
		{"beside routes of the same path", "all routes are in one tree, so the methods of both are known",
			func(r *router.Router) {
				r.HandleFunc("DELETE /shop/items/{item}", says("delete"))
				r.Mount("/shop", shop())
			},
			"PUT /shop/items/7", "405, Allow: DELETE, GET, HEAD, OPTIONS"},
		{"more specific routes win across both", "mounting is registering",
			func(r *router.Router) {
				r.Mount("/shop", shop())
				r.HandleFunc("GET /shop/items/new", says("new"))
			},
			"GET /shop/items/new", "200 new"},
		{"the slash of the mounted root", "/shop/{$} is /shop/",
			func(r *router.Router) { r.Mount("/shop", shop()) },
			"GET /shop", "308, Location: /shop/"},
		{"twice, at two places", "a router may be in more than one place",
			func(r *router.Router) { s := shop(); r.Mount("/a", s); r.Mount("/b", s) },
			"GET /b/items/7", "shop > item > 200 GET /items/{id} id=7"},
		{"routers in routers", "each of them is mounted before the next",
			func(r *router.Router) {
				mall := new(router.Router)
				mall.Mount("/shop", shop())
				r.Mount("/mall", mall)
			},
			"GET /mall/shop/items/7", "shop > item > 200 GET /items/{id} id=7"},
		{"at a host", "a site that is a router of its own",
			func(r *router.Router) { r.Mount("shop.example", shop()) },
			"GET /items/7 shop.example", "shop > item > 200 GET /items/{id} id=7"},
		{"below a name", "the routes have one value more",
			func(r *router.Router) {
				s := new(router.Router)
				s.HandleFunc("GET /items", says("{who}"))
				r.Mount("/of/{who}", s)
			},
			"GET /of/ada/items", "200 {who} who=ada"},
	})
	t.Run("the other router still serves by itself", func(t *testing.T) {
		s := shop()
		new(router.Router).Mount("/shop", s)
		if sent, got := through(t, s, "GET /items/7"); got != "shop > item > 200 GET /items/{id} id=7" {
			testkit.Report{Sent: sent, Want: "shop > item > 200 GET /items/{id} id=7", Got: got, Why: "mounting takes nothing away"}.Error(t)
		}
	})
	t.Run("Matched has the prefix", func(t *testing.T) {
		r := new(router.Router)
		r.Mount("/shop", shop())
		sent, req := request(t, "GET /shop/items/7")
		asked(r, req)
		if got := router.Matched(req); got != "GET /shop/items/{id}" {
			testkit.Report{Sent: sent, Want: "Matched GET /shop/items/{id}", Got: "Matched " + got, Why: "two mounted routers may both have /items/{id}"}.Error(t)
		}
	})
}

func TestTask10_Frozen(t *testing.T) {
	const late = "the routes were copied into the other router, so this one would be found nowhere"
	runRefused(t, "mount_test.go", []refusedRow{
		{"a route after it was mounted", late,
			func(r *router.Router) { s := shop(); r.Mount("/shop", s); s.HandleFunc("GET /late", says("")) },
			func(r *router.Router) { s := shop(); s.HandleFunc("GET /early", says("")); r.Mount("/shop", s) }},
		{"a route of its group after it was mounted", late,
			func(r *router.Router) {
				s := new(router.Router)
				g := s.Group("/g")
				r.Mount("/shop", s)
				g.HandleFunc("GET /late", says(""))
			}, nil},
		{"middleware after it was mounted", "the handlers are wrapped already",
			func(r *router.Router) { s := new(router.Router); r.Mount("/shop", s); s.Use(tag("late")) }, nil},
		{"another router in it after it was mounted", late,
			func(r *router.Router) { s := shop(); r.Mount("/shop", s); s.Mount("/more", shop()) }, nil},
		{"no router at all", "a package has forgotten to make it",
			func(r *router.Router) { r.Mount("/shop", nil) }, nil},
		{"a middleware that is nil", "it would panic with the first request",
			func(r *router.Router) { r.Mount("/shop", shop(), nil) }, nil},
		{"a router with a MethodNotAllowed", "nothing would call it",
			func(r *router.Router) {
				s := shop()
				s.MethodNotAllowed = keepalive.HandlerFunc(says(""))
				r.Mount("/shop", s)
			}, nil},
		{"a router in itself", "there is no end to that",
			func(r *router.Router) { r.Mount("/again", r) }, nil},
		{"a router in its own group", "there is no end to that",
			func(r *router.Router) { r.Group("/again").Mount("/and", r) }, nil},
		{"a conflict with a route of the other router", "mounting is registering",
			func(r *router.Router) { r.HandleFunc("GET /shop/items/{x}", says("")); r.Mount("/shop", shop()) }, nil},
		{"the same place twice", "all of its routes would be there twice",
			func(r *router.Router) { s := shop(); r.Mount("/shop", s); r.Mount("/shop", s) }, nil},
		{"a router with a NotFound", "nothing would call it: the path decides on a route, not on a router",
			func(r *router.Router) {
				s := shop()
				s.NotFound = keepalive.HandlerFunc(says("none"))
				r.Mount("/shop", s)
			}, nil},
	})
	t.Run("the panic names both places", func(t *testing.T) {
		r, s := new(router.Router), shop()
		r.Mount("/shop", s)
		said := panics(func() { s.HandleFunc("GET /late", says("")) })
		if strings.Count(said, "mount_test.go:") < 2 {
			if said == "" {
				said = "no panic"
			}
			testkit.Report{Doing: "a router is mounted at /shop, and then gets one more route", Want: "a panic that names the call and where the router was mounted", Got: said, Why: "the two may be in different packages"}.Error(t)
		}
	})
}
