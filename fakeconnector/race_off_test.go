//go:build !race

package fakeconnector

const raceDetector = false
