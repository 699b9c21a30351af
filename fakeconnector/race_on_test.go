//go:build race

package fakeconnector

const raceDetector = true
