package main

import (
	"barewire/checker/grader/driver/step01"
	"barewire/checker/grader/driver/step02"
	"barewire/checker/grader/driver/step03"
	"barewire/checker/grader/driver/step04"
	"barewire/checker/grader/driver/step05"
	"barewire/checker/grader/driver/step06"
	"barewire/checker/grader/driver/step07"
	"barewire/checker/grader/driver/step08"
	"barewire/checker/grader/driver/step09"
	"barewire/checker/grader/driver/step10"
)

// links are the Register functions of the steps that compile. The build writes
// this file anew for each submission.
var links = []func(){
	step01.Register,
	step02.Register,
	step03.Register,
	step04.Register,
	step05.Register,
	step06.Register,
	step07.Register,
	step08.Register,
	step09.Register,
	step10.Register,
}
