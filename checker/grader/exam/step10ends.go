package exam

import (
	"fmt"
	"time"

	"barewire/checker/grader/driver/step10"
)

func checkShutdown(x *X) {
	var cases []Case[step10.Scene]
	add := func(class string, a step10.Scene, tell func(t *teller)) {
		cases = append(cases, x.scene(class, a, tell))
	}
	host := x.host()
	slow := func(seconds int) string { return get(fmt.Sprintf("/slow/%d", seconds*1000)) }
	for range 4 {
		add("requests in progress", step10.Scene{Alone: true}, func(t *teller) {
			n := x.Between(1, 6)
			for who := range n {
				t.say(who, host, slow(x.Between(10, 30)), ms(100))
			}
			for who := range x.IntN(4) { // and some that are idle
				t.say(n+who, host, get("/fast"), ms(100))
			}
			t.move(step10.Move{}, second)
			t.look()
			t.stop(0, 2*second)
			t.look()
			t.say(20, host, get("/fast"), time.Minute) // nobody is there any more
			t.look()
		})
	}
	add("a request that waits for a worker", step10.Scene{Config: step10.Config{MaxWorkers: 1, QueueTimeout: time.Minute}, Alone: true}, func(t *teller) {
		t.say(0, host, slow(10), second)
		t.say(1, host, get("/fast"), second)
		t.say(2, host, post("/echo", x.Word()), 4*second)
		t.stop(0, time.Minute)
	})
	add("connections that are idle", step10.Scene{Alone: true, Ends: true}, func(t *teller) {
		for who := range x.Between(1, 4) {
			t.say(who, host, get("/fast"), 2*second)
		}
		t.stop(0, 2*second)
		t.look()
	})
	add("a client that has just come", step10.Scene{Alone: true, Served: true}, func(t *teller) {
		t.move(step10.Move{Do: "come", From: host}, ms(10))
		t.move(step10.Move{Do: "come", From: host, Who: 1}, ms(10))
		t.stop(0, ms(10))
		t.say(1, host, get("/fast"), 10*second)
	})
	drain := x.Between(5, 20)
	add("balancers that have to notice", step10.Scene{Alone: true, Config: step10.Config{DrainDelay: time.Duration(drain) * second}}, func(t *teller) {
		t.say(0, host, get("/fast"), second)
		t.look()
		t.stop(0, time.Duration(drain-2)*second)
		t.look()
		t.say(1, host, get("/fast"), ms(100))
		t.say(0, host, get("/fast"), 30*second)
		t.look()
	})
	add("workers that are kept go home", step10.Scene{Alone: true, Config: step10.Config{MinWorkers: x.Between(1, 4)}}, func(t *teller) {
		t.say(0, host, get("/fast"), second)
		t.stop(0, time.Minute)
	})
	add("somebody serves afterwards", step10.Scene{Alone: true}, func(t *teller) {
		t.stop(0, 10*second)
		t.look()
		t.move(step10.Move{Do: "again"}, second)
		t.look()
	})
	for range 2 {
		n := x.Between(1, 7)
		add("no time to finish", step10.Scene{Alone: true}, func(t *teller) {
			for who := range n {
				t.say(who, host, slow(60), ms(100))
			}
			t.say(n, host, slow(5), ms(100)) // this one is in time
			t.move(step10.Move{}, second)
			t.stop(time.Duration(x.Between(10, 20))*second, 2*time.Minute)
		})
	}
	scenes(x, cases)
}

func checkAdmin(x *X) {
	host, n := x.host(), x.Between(1, 3)
	var cases []Case[step10.Scene]
	cases = append(cases, x.scene("a server that is full, and then stops", step10.Scene{Config: step10.Config{MaxWorkers: n, Queue: 1, MaxConns: n + 1, QueueTimeout: time.Minute}}, func(t *teller) {
		for who := range n + 1 {
			t.say(who, host, get("/slow/10000"), ms(100))
		}
		for _, path := range []string{"/livez", "/readyz", "/healthz", "/metrics", "/" + x.Word()} {
			t.asks(path)
		}
		t.stop(0, second)
		for _, path := range []string{"/livez", "/readyz", "/metrics"} {
			t.asks(path)
		}
		t.move(step10.Move{}, time.Minute)
	}))
	cases = append(cases, x.scene("a server without anybody", step10.Scene{}, func(t *teller) {
		t.asks("/readyz")
		t.asks("/metrics")
		t.asks("/fast") // that is for others
		t.stop(0, second)
		t.look()
	}))
	scenes(x, cases)
}

func checkRunOn(x *X) {
	var cases []Case[step10.Scene]
	host := x.host()
	for range 3 {
		alone := x.Chance(30)
		cases = append(cases, x.scene("until its context is done", step10.Scene{Run: true, Alone: alone}, func(t *teller) {
			t.say(0, host, get("/slow/10000"), second)
			t.say(1, host, get("/fast"), second)
			if !alone {
				t.asks("/livez")
				t.asks("/readyz")
			}
			t.move(step10.Move{Do: "cancel"}, second)
			if !alone {
				t.asks("/readyz")
			}
			t.move(step10.Move{}, time.Minute)
		}))
		cases = append(cases, x.scene("no longer than DrainDelay and ShutdownTimeout", step10.Scene{Run: true, Alone: alone, Config: step10.Config{
			ShutdownTimeout: time.Duration(x.Between(2, 9)) * second, DrainDelay: time.Duration(x.IntN(6)) * second}}, func(t *teller) {
			for who := range x.Between(1, 4) {
				t.say(who, host, get("/slow/3600000"), ms(50))
			}
			t.move(step10.Move{}, second)
			t.move(step10.Move{Do: "cancel"}, 30*second)
		}))
	}
	scenes(x, cases)
}

func checkRunFails(x *X) {
	var cases []Case[step10.Scene]
	host := x.host()
	for _, alone := range []bool{true, false} {
		cases = append(cases, x.scene("a listener that fails", step10.Scene{Run: true, Alone: alone}, func(t *teller) {
			t.say(0, host, get("/fast"), second)
			t.say(1, host, get("/slow/10000"), second)
			t.move(step10.Move{Do: "fail"}, time.Minute)
		}))
	}
	cases = append(cases, x.scene("the operators' listener fails", step10.Scene{Run: true}, func(t *teller) {
		t.say(0, host, get("/fast"), second)
		t.say(1, host, get("/slow/10000"), second)
		t.move(step10.Move{Do: "fail", Admin: true}, time.Minute)
	}))
	scenes(x, cases)
	for _, fn := range []string{"server.Run", "server.RunHalf"} {
		const want = "*net.OpError of listen"
		var got step10.Ended
		x.Doing(map[string]string{"server.Run": "an address that is taken", "server.RunHalf": "an address for operators that is taken"}[fn])
		if x.Call(fn, nil, &got); got.Err != want {
			x.Fail(Failure{Brief: "Run returned another error than that of net.Listen, or left a listener behind", Want: want, Got: show(got)})
		}
	}
}
