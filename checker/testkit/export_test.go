package testkit

import "time"

// SetBubbleLimit lets a test of the watchdog be short.
func SetBubbleLimit(d time.Duration) { bubbleLimit = d }
