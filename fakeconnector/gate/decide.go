package gate

import (
	"fmt"
	"slices"
	"strings"
)

// Layer is one of the three questions.
type Layer string

// The layers, in the order in which they are asked.
const (
	Authorised Layer = "authorised"
	Visible    Layer = "visible"
	Relevant   Layer = "relevant"
)

var layers = []struct {
	name  Layer
	judge func(g *Gate, p *Post, instance string) (pass bool, why string)
}{
	{Authorised, (*Gate).authorised},
	{Visible, (*Gate).visible},
	{Relevant, (*Gate).relevant},
}

// Decision says who receives a post, and why.
type Decision struct {
	Author Author `json:"author"`
	ChatID string `json:"chat"`
	// Verdicts are those of the instances that the post could concern, in the order of
	// their ids: those that its author is bound to, and the one that its scope was granted
	// to. There is none when it concerns nobody, and Why says so.
	Verdicts []Verdict `json:"verdicts,omitempty"`
	Why      string    `json:"why,omitempty"`
	// Linked is the instance to which the post has bound its author: it was a /link with a
	// valid code, which nobody receives.
	Linked string `json:"linked,omitempty"`
}

// Verdict is what the layers said for one instance.
type Verdict struct {
	Instance string   `json:"instance"`
	Deliver  bool     `json:"deliver"` // every layer passed
	Layers   []Answer `json:"layers"`  // up to the first that did not pass
}

// Answer is what one layer said.
type Answer struct {
	Layer Layer  `json:"layer"`
	Pass  bool   `json:"pass"`
	Why   string `json:"why"`
}

// Receivers are the instances that the post is for.
func (d Decision) Receivers() []string {
	var out []string
	for _, v := range d.Verdicts {
		if v.Deliver {
			out = append(out, v.Instance)
		}
	}
	return out
}

// String explains the decision in one line.
func (d Decision) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s in %s", d.Author, d.ChatID)
	sep := ":"
	if d.Why != "" {
		fmt.Fprintf(&b, "%s %s", sep, d.Why)
		sep = ";"
	}
	for _, v := range d.Verdicts {
		fmt.Fprintf(&b, "%s %s", sep, v)
		sep = ";"
	}
	return b.String()
}

func (v Verdict) String() string {
	var parts []string
	for _, a := range v.Layers {
		not := "not "
		if a.Pass {
			not = ""
		}
		parts = append(parts, fmt.Sprintf("%s%s (%s)", not, a.Layer, a.Why))
	}
	end := "dropped"
	if v.Deliver {
		end = "deliver"
	}
	return fmt.Sprintf("%s %s → %s", v.Instance, strings.Join(parts, ", "), end)
}

// Decide says who receives a post. A /link with a valid code takes effect by it; nothing
// else does.
func (g *Gate) Decide(p Post) Decision {
	g.mu.Lock()
	defer g.mu.Unlock()
	d := Decision{Author: p.author(), ChatID: p.Event.Source.ChatID}
	if d.Author.UserID == "" {
		d.Why = "it has no author"
		return d
	}
	if instance, why := g.link(&p); instance != "" {
		d.Linked, d.Why = instance, why
		return d
	}
	for _, instance := range g.concerned(&p) {
		d.Verdicts = append(d.Verdicts, g.verdict(&p, instance))
	}
	if len(d.Verdicts) == 0 {
		d.Why = "the author is bound to no instance, and the chat is granted to none"
	}
	return d
}

func (g *Gate) verdict(p *Post, instance string) Verdict {
	v := Verdict{Instance: instance}
	for _, l := range layers {
		pass, why := l.judge(g, p, instance)
		v.Layers = append(v.Layers, Answer{l.name, pass, why})
		if !pass {
			return v
		}
	}
	v.Deliver = true
	return v
}

// concerned lists the instances that could be authorised at all.
func (g *Gate) concerned(p *Post) []string {
	var out []string
	for _, instance := range g.bound[p.author()] {
		out = append(out, instance)
	}
	if instance, _ := g.grantee(p); instance != "" {
		out = append(out, instance)
	}
	slices.Sort(out)
	return slices.Compact(out)
}
