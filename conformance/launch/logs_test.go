package launch

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestLinesAcrossWrites(t *testing.T) {
	for _, size := range []int{1, 2, 100} {
		b := &LogBuffer{}
		w := b.Stream("stdout")
		for part := range slices.Chunk([]byte("one\r\n\ntwo\nthree"), size) {
			if n, err := w.Write(part); n != len(part) || err != nil {
				t.Fatal(n, err)
			}
		}
		w.Flush()
		w.Flush() // an end without a line adds none
		var got []string
		for _, l := range b.Lines() {
			got = append(got, l.Stream+":"+l.Text)
		}
		if want := []string{"stdout:one", "stdout:", "stdout:two", "stdout:three"}; !slices.Equal(got, want) {
			t.Errorf("by %d: got %q, want %q", size, got, want)
		}
	}
}

func TestALineHasTheTimeOfItsBeginning(t *testing.T) {
	b := &LogBuffer{}
	w := b.Stream("stdout")
	before := time.Now()
	io.WriteString(w, "beg")
	between := time.Now()
	io.WriteString(w, "in\n")
	if at := b.Lines()[0].At; at.Before(before) || at.After(between) {
		t.Errorf("the line is from %v, it began between %v and %v", at, before, between)
	}
}

func TestTheMiddleIsDropped(t *testing.T) {
	for _, more := range []int{0, 1, lastLines - 1, lastLines, lastLines + 7} {
		b := &LogBuffer{}
		w := b.Stream("log")
		for i := range firstLines + lastLines + more {
			fmt.Fprintln(w, i)
		}
		lines := b.Lines()
		if lines[0].Text != "0" || lines[firstLines-1].Text != fmt.Sprint(firstLines-1) {
			t.Errorf("%d more: begins with %q", more, lines[0].Text)
		}
		tail := lines[firstLines:]
		if more > 0 {
			if want := fmt.Sprintf("[%d lines dropped here: the first %d and the last %d are kept]", more, firstLines, lastLines); tail[0].Text != want {
				t.Errorf("got %q, want %q", tail[0].Text, want)
			}
			tail = tail[1:]
		}
		for i, l := range tail {
			if want := fmt.Sprint(firstLines + more + i); l.Text != want {
				t.Fatalf("%d more: line %d of the tail is %q, want %q", more, i, l.Text, want)
			}
		}
	}
}

func TestAnOverlongLineIsCut(t *testing.T) {
	b := &LogBuffer{}
	w := b.Stream("stdout")
	io.WriteString(w, strings.Repeat("x", lineBytes)+"\n"+strings.Repeat("y", lineBytes+1)+"\n")
	lines := b.Lines()
	if lines[0].Text != strings.Repeat("x", lineBytes) {
		t.Errorf("a line of just the bound is changed: …%q", lines[0].Text[lineBytes-5:])
	}
	if want := strings.Repeat("y", lineBytes) + " [1 more bytes of this line dropped]"; lines[1].Text != want {
		t.Errorf("got …%q", lines[1].Text[lineBytes-5:])
	}
}
