package step09

import (
	"os"
	"syscall"
	"time"
	"unsafe"
)

// setTime sets when a file was changed last. A box lets that be done to an open file
// alone: in the jail, a path could be that of a file of the instructor's.
func setTime(path string, at time.Time) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	both := [2]syscall.Timespec{syscall.NsecToTimespec(at.UnixNano()), syscall.NsecToTimespec(at.UnixNano())}
	if _, _, errno := syscall.Syscall6(syscall.SYS_UTIMENSAT, f.Fd(), 0, uintptr(unsafe.Pointer(&both)), 0, 0, 0); errno != 0 {
		return errno
	}
	return nil
}
