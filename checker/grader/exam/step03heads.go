package exam

import (
	"fmt"
	"strings"

	message "barewire/solutions/03-headers-bodies"

	"barewire/checker/grader/driver/step03"
)

// section draws a header section of n fields that is right, without its empty line.
func (x *X) section(n int) string {
	var b strings.Builder
	for range n {
		b.WriteString(x.String(tchar, x.Between(1, 12)) + ":" + x.String(" \t", x.IntN(2)) + x.value() + x.String(" \t", x.IntN(2)) + "\r\n")
	}
	return b.String()
}

func streamCase(class, src string, limits message.Limits, cuts []int) Case[step03.Stream] {
	return Case[step03.Stream]{Class: class, Arg: step03.Stream{Src: []byte(src), Limits: limits, Cuts: cuts}}
}

// everywhere are cuts between all bytes.
func everywhere(src string) []int {
	cuts := make([]int, len(src))
	for i := range cuts {
		cuts[i] = i
	}
	return cuts
}

func checkSections(x *X) {
	var cases []Case[step03.Stream]
	for range 60 {
		src := ""
		for range x.Between(1, 3) {
			src += x.section(x.IntN(6)) + "\r\n"
		}
		src += Pick(x.Rand, "", "A: b\r\n", "A: b\r\n\r", "A")
		cases = append(cases, streamCase("header sections, one behind the other", src, message.Limits{}, nil),
			streamCase("header sections in pieces", src, message.Limits{}, x.Cuts(len(src), 6)))
		if x.Chance(20) {
			cases = append(cases, streamCase("header sections byte by byte", src, message.Limits{}, everywhere(src)))
		}
	}
	Compare(x, "message.Header.Parse", step03.ParseSections, cases)
}

func checkBadSections(x *X) {
	var cases []Case[step03.Stream]
	add := func(class, src string, from, to int) {
		c := streamCase(class, src, message.Limits{}, nil)
		c.Off = [2]int{from, to}
		cases = append(cases, c)
	}
	for range 30 {
		a, b := x.section(x.IntN(3)), x.section(x.IntN(3))
		n := x.String(alnum, 3)
		end := "\r\n" + Pick(x.Rand, "", "more", "GET / HTTP/1.1\r\n")
		add("a section that is right", a+b+end, 0, 0)
		add("a line that ends in LF", a+n+": x\n"+b+end, len(a)+6, -1)
		add("an end that is LF", a+n+": x\r\n\n"+end, len(a)+8, -1)
		add("two CR before LF", a+n+": x\r\r\n"+b+end, len(a), len(a)+7)
		add("a CR within a line", a+n+": x\rB: y\r\n"+b+end, len(a), len(a)+9)
		add("a folded line", a+n+": x\r\n"+x.String(" \t", 1)+"y\r\n"+b+end, len(a)+8, 0)
		add("whitespace before the first field", x.String(" \t", 1)+n+": x\r\n"+b+end, 0, 0)
		add("whitespace before the colon", a+n+" : x\r\n"+b+end, len(a)+3, 0)
		add("a line without a colon", a+n+"\r\n"+b+end, len(a), 0)
		add("a NUL", a+n+": x\x00y\r\n"+b+end, len(a), 0)
		add("a section mutated", x.Mutate(a+n+": x")+"\r\n"+b+end, 0, 0)
	}
	Compare(x, "message.Header.Parse", step03.ParseSections, cases)
}

func checkSectionLimits(x *X) {
	var cases []Case[step03.Stream]
	add := func(class, src string, limits message.Limits) {
		cases = append(cases, streamCase(class, src+"more", limits, nil))
	}
	sized := func(n int) string { return "A: " + x.String(alnum, n-len("A: \r\n\r\n")) + "\r\n\r\n" }
	fields := func(n int) string { return strings.Repeat("A: \r\n", n) + "\r\n" }
	for range 10 {
		n, limit := x.Between(3, 20), x.Between(40, 300)
		for d := -2; d <= 3; d++ {
			add(fmt.Sprintf("a section of the limit %+d bytes", d), sized(limit+d), message.Limits{HeaderSection: limit})
			add(fmt.Sprintf("a section of the limit %+d fields", d), fields(n+d), message.Limits{Fields: n})
		}
		add("a limit that several lines reach", strings.Repeat(x.String(alnum, 5)+": 12345\r\n", limit/10)+"\r\n", message.Limits{HeaderSection: limit})
		add("more bytes than the limit and no end", x.String(alnum, limit+30), message.Limits{HeaderSection: limit})
		cases = append(cases, streamCase("as many bytes as the limit and no end", x.String(alnum, limit), message.Limits{HeaderSection: limit}, nil))
	}
	for d := -1; d <= 1; d++ {
		add("a section of about MaxHeaderSection bytes", sized(message.MaxHeaderSection+d), message.Limits{})
		add("a section of about MaxFields fields", fields(message.MaxFields+d), message.Limits{})
	}
	add("a line that never ends", "A: "+strings.Repeat("x", 2*message.MaxHeaderSection), message.Limits{})
	Compare(x, "message.Header.Parse", step03.ParseSections, cases)
}

// head draws the head of a request that is right.
func (x *X) head() string {
	v := x.String("01", 1)
	h := Pick(x.Rand, "GET", "POST", "PUT", "M-SEARCH") + " " + Pick(x.Rand, x.path()+x.query(), "http://"+x.authority()+x.path()) + " HTTP/1." + v + "\r\n"
	fields := []string{"Host: " + x.authority() + "\r\n", x.section(x.IntN(3)), x.section(1)}
	switch {
	case x.Chance(30):
		fields = append(fields, fmt.Sprintf("%s: %d\r\n", x.Case("Content-Length"), x.IntN(1000)))
	case x.Chance(30) && v == "1":
		fields = append(fields, x.Case("Transfer-Encoding")+": chunked\r\n")
	}
	x.Shuffle(len(fields), func(i, j int) { fields[i], fields[j] = fields[j], fields[i] })
	return Pick(x.Rand, "", "", "\r\n") + h + strings.Join(fields, "") + "\r\n"
}

func checkHeads(x *X) {
	var cases []Case[step03.Stream]
	for range 50 {
		src := ""
		for range x.Between(1, 4) {
			src += x.head()
		}
		src += Pick(x.Rand, "", "GET / HTTP/1.1\r\n", "\r\n", "GET / HTTP/1.1\r\nHost: a\r\n")
		cases = append(cases, streamCase("heads, one behind the other", src, message.Limits{}, nil),
			streamCase("heads in pieces", src, message.Limits{}, x.Cuts(len(src), 8)))
		if x.Chance(20) {
			cases = append(cases, streamCase("heads byte by byte", src, message.Limits{}, everywhere(src)))
		}
	}
	for range 8 {
		src := "POST /1 HTTP/1.1\r\nHost: " + x.authority() + "\r\nContent-Length: 3\r\nA: b\r\n\r\n" + "GET " + x.path() + " HTTP/1.0\r\n\r\n"
		cases = append(cases, streamCase("a request without fields behind one with fields", src, message.Limits{}, nil),
			streamCase("a request without Host behind one with Host", src+"GET / HTTP/1.1\r\n\r\n", message.Limits{}, nil),
			streamCase("a request without Host behind one with Host, byte by byte", src+"GET / HTTP/1.1\r\nA: b\r\n\r\n", message.Limits{}, everywhere(src)))
	}
	Compare(x, "message.Head.Parse", step03.ParseHeads, cases)
}

func checkBadHeads(x *X) {
	var cases []Case[step03.Stream]
	add := func(class, src string, from, to int) {
		for _, cuts := range [][]int{nil, everywhere(src)} {
			c := streamCase(class, src, message.Limits{}, cuts)
			c.Off = [2]int{from, to}
			cases = append(cases, c)
			if x.Chance(70) {
				break
			}
		}
	}
	for range 12 {
		empty := Pick(x.Rand, "", "\r\n")
		line := empty + "POST " + x.path() + " HTTP/1.1\r\n"
		host := "Host: " + x.authority() + "\r\n"
		l, all := len(line), len(line)+len(host)
		add("a head that is right", line+host+"\r\n", 0, 0)
		add("a bad byte in the target", empty+"GET /\x7f HTTP/1.1\r\n"+host+"\r\n", len(empty)+5, -1)
		add("two spaces in the request line", empty+"GET  / HTTP/1.1\r\n"+host+"\r\n", len(empty), len(empty)+5)
		add("another version", empty+"GET / HTTP/2.0\r\n"+host+"\r\n", len(empty)+6, len(empty)+14)
		add("a bad byte in a field", line+host+"A: b\x00c\r\n\r\n", all+4, -1)
		add("a space before a colon", line+host+"A : b\r\n\r\n", all+1, -1)
		add("an LF alone", line+host+"A: b\nB: c\r\n\r\n", all+4, -1)
		add("no Host", line+"A: b\r\n\r\n", l, l+7)
		add("two Hosts", line+host+host+"\r\n", l, l+2*len(host)+1)
		add("a Host that is none", line+"Host: a b\r\n\r\n", l, l+12)
		add("two ways to end", line+host+"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n", l, all+50)
		add("a length that is none", line+host+"Content-Length: +3\r\n\r\n", l, all+21)
		add("an unknown coding", line+host+"Transfer-Encoding: gzip, chunked\r\n\r\n", l, all+35)
		add("too much content", line+host+"Content-Length: "+Pick(x.Rand, "4194305", "99999999999")+"\r\n\r\n", l, all+30)
		add("chunked with HTTP/1.0", strings.Replace(line, "1.1", "1.0", 1)+host+"Transfer-Encoding: chunked\r\n\r\n", l, all+30)
		add("no Host with a length", line+"Content-Length: 3\r\n\r\n", l, l+20)
		add("a bad head behind a good one", line+host+"\r\n"+"GET / HTTP/1.1\r\n\r\n", 0, 0)
		m := x.Mutate(strings.TrimSuffix(line+host, "\r\n"))
		cases = append(cases, streamCase("a head mutated", m+"\r\n\r\n", message.Limits{}, nil))
	}
	Compare(x, "message.Head.Parse", step03.ParseHeads, cases)
}

func checkHeadLimits(x *X) {
	var cases []Case[step03.Stream]
	add := func(class, src string, limits message.Limits) {
		cases = append(cases, streamCase(class, src, limits, nil), streamCase(class+", byte by byte", src, limits, everywhere(src)))
	}
	for range 5 {
		lim := message.Limits{RequestLine: x.Between(30, 80), HeaderSection: x.Between(50, 90), Fields: x.Between(2, 5), Content: x.Int64N(1000) + 1}
		line := func(n int) string { return "GET /" + x.String(alnum, n-len("GET / HTTP/1.1\r\n")) + " HTTP/1.1\r\n" }
		for d := -1; d <= 2; d++ {
			add(fmt.Sprintf("a request line of the limit %+d", d), Pick(x.Rand, "", "\r\n")+line(lim.RequestLine+d)+"Host: a\r\n\r\n", lim)
			add(fmt.Sprintf("a header section of the limit %+d", d), line(20)+"Host: a\r\nA: "+x.String(alnum, lim.HeaderSection+d-len("Host: a\r\nA: \r\n\r\n"))+"\r\n\r\n", lim)
			add(fmt.Sprintf("fields of the limit %+d", d), line(20)+"Host: a\r\n"+strings.Repeat("A:\r\n", lim.Fields+d-1)+"\r\n", lim)
			add(fmt.Sprintf("content of the limit %+d", d), line(20)+fmt.Sprintf("Host: a\r\nContent-Length: %d\r\n\r\n", lim.Content+int64(d)), lim)
		}
		add("a request line that never ends", Pick(x.Rand, "", "\r\n")+"GET /"+x.String(alnum, 120), lim)
		add("a field that never ends", line(20)+"Host: a\r\nA: "+x.String(alnum, 120), lim)
		add("a field that never ends behind the longest request line", line(lim.RequestLine)+"A: "+x.String(alnum, 120), lim)
	}
	for d := int64(-1); d <= 1; d++ {
		add("content of about MaxContent", fmt.Sprintf("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n", message.MaxContent+d), message.Limits{})
	}
	Compare(x, "message.Head.Parse", step03.ParseHeads, cases)
}
