package ratelimit

import "math/bits"

// A wide is a number that a product of a quota and a time fits into.
type wide struct{ hi, lo uint64 }

func product(a, b int64) wide {
	hi, lo := bits.Mul64(uint64(a), uint64(b))
	return wide{hi, lo}
}

func (x wide) plus(y wide) wide {
	lo, carry := bits.Add64(x.lo, y.lo, 0)
	hi, _ := bits.Add64(x.hi, y.hi, carry)
	return wide{hi, lo}
}

// less is x-y, or zero where y is the larger one.
func (x wide) less(y wide) wide {
	lo, borrow := bits.Sub64(x.lo, y.lo, 0)
	hi, below := bits.Sub64(x.hi, y.hi, borrow)
	if below != 0 {
		return wide{}
	}
	return wide{hi, lo}
}

func (x wide) isZero() bool { return x == wide{} }

// over is x/n, rounded down; what does not fit is the largest number that does.
func (x wide) over(n int64) int64 {
	if x.hi >= uint64(n) {
		return 1<<63 - 1
	}
	q, _ := bits.Div64(x.hi, x.lo, uint64(n))
	return int64(min(q, 1<<63-1))
}

// overUp is x/n, rounded up.
func (x wide) overUp(n int64) int64 { return x.plus(wide{0, uint64(n - 1)}).over(n) }
