//go:build !unix

package fakeconnector

const canWriteOnce = false

func writeOnce(uintptr, []byte) int { return 0 }
