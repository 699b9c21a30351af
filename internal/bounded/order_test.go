package bounded

import (
	"fmt"
	"slices"
	"testing"
)

func TestTheOldestGoes(t *testing.T) {
	for _, limit := range []int{1, 3} {
		var o Order[string]
		var went []string
		for i := range 8 {
			if old, gone := o.Add(fmt.Sprint(i), limit); gone {
				went = append(went, old)
			} else if old != "" {
				t.Errorf("limit %d: expected nothing to go, got %q", limit, old)
			}
		}
		want := []string{"0", "1", "2", "3", "4", "5", "6"}[:8-limit]
		if !slices.Equal(went, want) {
			t.Errorf("limit %d: expected %v to go, got %v", limit, want, went)
		}
	}
}
