package inspector_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/relaykit/relaykit/fakeconnector/inspector"
)

// browser is a headless Chromium with one tab, and what it complained of.
type browser struct {
	t   testing.TB
	ctx context.Context

	mu         sync.Mutex
	complaints []string
	requested  []string
}

// chromium starts one. A machine without it skips the test, unless the environment says
// that it must be there.
func chromium(t *testing.T) *browser {
	t.Helper()
	path := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if found, err := exec.LookPath(name); err == nil {
			path = found
			break
		}
	}
	if path == "" {
		if os.Getenv("RELAYKIT_REQUIRE_CHROMIUM") != "" {
			t.Fatal("expected a Chromium on the path, as RELAYKIT_REQUIRE_CHROMIUM is set; install the package chromium")
		}
		t.Skip("no Chromium on the path: the pages are not tried in a browser; install the package chromium")
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path),
		chromedp.UserDataDir(t.TempDir()), chromedp.WindowSize(1300, 900),
		chromedp.NoSandbox) // a container that runs as root has no other way
	allocator, end := chromedp.NewExecAllocator(within(t), options...)
	t.Cleanup(end)
	b := &browser{t: t}
	ctx, cancel := chromedp.NewContext(allocator, chromedp.WithListener(b.hear))
	t.Cleanup(cancel)
	b.ctx = ctx
	must(t, chromedp.Do(ctx))                      // starts it
	t.Cleanup(func() { _ = chromedp.Cancel(ctx) }) // waits for the process
	call(b, log.Enable, cdp.Empty{})
	call(b, network.Enable, network.EnableParams{})
	return b
}

// hear takes down what the console says: errors of scripts, and breaches of the policy.
func (b *browser) hear(e any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch e := e.(type) {
	case *log.EventEntryAdded:
		if e.Entry.Level == log.EntryLevelError || e.Entry.Level == log.EntryLevelWarning {
			b.complaints = append(b.complaints, string(e.Entry.Source)+": "+e.Entry.Text+" "+e.Entry.URL)
		}
	case *runtime.EventExceptionThrown:
		b.complaints = append(b.complaints, "exception: "+e.ExceptionDetails.Text)
	case *network.EventRequestWillBeSent:
		b.requested = append(b.requested, e.Request.URL)
	}
}

func (b *browser) do(steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	must(b.t, chromedp.Do(b.ctx, steps...))
}

func call[P, R any](b *browser, c cdp.Command[P, R], params P) {
	b.t.Helper()
	_, err := chromedp.Call(b.ctx, c, params)
	must(b.t, err)
}

// eval is the value of an expression in the page.
func eval[T any](b *browser, expression string) T {
	b.t.Helper()
	v, err := chromedp.Run(b.ctx, chromedp.Evaluate[T](expression))
	must(b.t, err)
	return v
}

// content fails unless the browser had nothing to complain of and asked this host alone.
func (b *browser) content(host string) {
	b.t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.complaints) > 0 {
		b.t.Errorf("expected nothing in the console, got %q", b.complaints)
	}
	for _, url := range b.requested {
		if !strings.HasPrefix(url, host+"/") {
			b.t.Errorf("expected requests to %s alone, got %s", host, url)
		}
	}
}

// holds waits until an expression is true in the page.
func holds(expression string) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		for {
			_, err := chromedp.Poll[bool](expression, chromedp.WithPollingTimeout(bound))(ctx, t)
			switch {
			case err == nil:
				return nil
			case ctx.Err() == nil && (strings.Contains(err.Error(), "navigated") || strings.Contains(err.Error(), "Cannot find context")):
				continue // another page came: ask that one
			}
			return fmt.Errorf("expected %s within %s: %w", expression, bound, err)
		}
	})
}

// text waits until an element holds a text.
func text(selector, want string) chromedp.Action[chromedp.Void] {
	return holds(`document.querySelector(` + encoded(selector) + `)?.textContent.includes(` + encoded(want) + `) === true`)
}

func TestInBrowser(t *testing.T) {
	b := chromium(t)
	r := start(t, "")
	at := r.HTTP.URL + inspector.Base
	run := func(name string, test func(*testing.T)) {
		t.Run(name, func(t *testing.T) {
			defer func(outer testing.TB) { b.t, r.t = outer, outer }(b.t)
			b.t, r.t = t, t
			test(t)
		})
	}

	run("timeline is live", func(t *testing.T) {
		b.do(chromedp.Navigate(at+"/timeline"), text("#stream", "Live."))
		_, err := r.api.Push(within(t), "inst-1", event("seen at once"))
		must(t, err)
		b.do(text("#timeline", "echo: seen at once"))
		b.do(chromedp.KeyEvent("o"), holds(`[...document.querySelectorAll("#timeline details")].every((d) => d.open)`))
		b.do(text("#timeline li:last-child", `"type": "outbound_result"`)) // broken into lines
	})

	run("pause keeps still and loses nothing", func(t *testing.T) {
		b.do(chromedp.KeyEvent("p"), text("#stream", "Paused"))
		before := eval[int](b, `document.getElementById("timeline").childElementCount`)
		_, err := r.api.Push(within(t), "inst-1", event("while paused"))
		must(t, err)
		r.echoed("while paused")
		after := eval[int](b, `document.getElementById("timeline").childElementCount`)
		if after != before {
			t.Errorf("expected the timeline to keep still, got %d rows and then %d", before, after)
		}
		b.do(chromedp.KeyEvent("p"), text("#timeline", "echo: while paused"))
		doubled := eval[[]string](b, `[...document.querySelectorAll("#timeline > li")].map((r) => r.id).filter((id, i, all) => all.indexOf(id) !== i)`)
		if len(doubled) > 0 {
			t.Errorf("expected every entry once, got %q again", doubled)
		}
	})

	run("violations are marked as they come", func(t *testing.T) {
		_, err := r.api.Push(within(t), "inst-1", event("while paused")) // the requestId of its echo was used
		must(t, err)
		b.do(text("#timeline .violation .rule", "outbound/request-id"),
			holds(`document.querySelector("#timeline .frame.broken .name")?.textContent === "outbound"`))
	})

	run("what others say stays text", func(t *testing.T) {
		_, err := r.api.Push(within(t), "inst-1", event(`<img src=x onerror="document.title='owned'"><b id=owned>`))
		must(t, err)
		b.do(text("#timeline", "echo: <img"))
		owned := eval[bool](b, `document.title.includes("owned") || document.getElementById("owned") !== null || document.querySelector("#timeline img") !== null`)
		if owned {
			t.Error("expected markup of an event to stay text, got it in the page")
		}
	})

	run("keyboard alone", func(t *testing.T) {
		b.do(chromedp.Navigate(at+"/"), chromedp.WaitReady("#content"), chromedp.KeyEvent(kb.Tab))
		first := eval[string](b, `document.activeElement.textContent`)
		if first != "Skip to the content" {
			t.Errorf("expected the first stop to be the way to the content, got %q", first)
		}
		b.do(chromedp.Navigate(at+"/faults"), chromedp.Focus("#on-double-results"), chromedp.KeyEvent(kb.Enter), text(".done", "in force: double-results"))
		b.do(chromedp.Focus("#off-double-results"), chromedp.KeyEvent(" "), text(".done", "out of force: double-results"))
		b.do(chromedp.Navigate(at+"/timeline"), text("#stream", "Live."), chromedp.KeyEvent("/"))
		focused := eval[string](b, `document.activeElement.id`)
		if focused != "filter-text" {
			t.Errorf("expected / to go to the filter, got %q", focused)
		}
		// Whatever can be clicked can be reached, and says what it is.
		for _, page := range pages {
			b.do(chromedp.Navigate(at+page), chromedp.WaitReady("#content"))
			silent := eval[[]string](b, `[...document.querySelectorAll("a, button, input:not([type=hidden]), select, textarea")].filter((e) => !e.hidden && (e.tabIndex < 0 || !(e.textContent.trim() || e.labels?.length))).map((e) => e.outerHTML)`)
			if len(silent) > 0 {
				t.Errorf("%s: expected controls that can be reached and have a name, got %q", page, silent)
			}
		}
	})

	run("send and see", func(t *testing.T) {
		b.do(chromedp.Navigate(at+"/send"), chromedp.WaitReady("#send-event"),
			chromedp.SetValue(`form[action$="/send/event"] textarea[name=text]`, "from the page"), chromedp.Click("#send-event"), text(".done", "the event went out"))
		r.echoed("from the page")
	})

	run("state is fresh", func(t *testing.T) {
		b.do(chromedp.Navigate(at+"/buffers"), chromedp.WaitReady("#fresh"))
		_, err := r.api.Push(within(t), "inst-2", event("comes later"))
		must(t, err)
		b.do(text("#fresh", "1 waiting"))
	})

	run("light and dark", func(t *testing.T) {
		var backs [2]string
		for i, scheme := range []string{"light", "dark"} {
			call(b, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}})
			for _, page := range pages {
				b.do(chromedp.Navigate(at+page), chromedp.WaitReady("#content"))
				faint := eval[[]string](b, contrast)
				if len(faint) > 0 {
					t.Errorf("%s, %s: expected a contrast of 4.5 to 1 at least, got %q", page, scheme, faint)
				}
				b.picture(strings.Trim(page, "/"), scheme)
			}
			backs[i] = eval[string](b, `getComputedStyle(document.body).backgroundColor`)
		}
		if backs[0] == backs[1] {
			t.Errorf("expected two backgrounds, got %q twice", backs[0])
		}
	})

	b.content(r.HTTP.URL)
}

// picture keeps a screenshot of the whole page where RELAYKIT_SCREENSHOTS names a
// directory: that is how those in the documentation were made.
func (b *browser) picture(page, scheme string) {
	b.t.Helper()
	dir := os.Getenv("RELAYKIT_SCREENSHOTS")
	if dir == "" {
		return
	}
	if page == "" {
		page = "overview"
	}
	png, err := chromedp.Run(b.ctx, chromedp.CaptureScreenshot())
	must(b.t, err)
	must(b.t, os.WriteFile(filepath.Join(dir, page+"-"+scheme+".png"), png, 0o644))
}

// contrast lists the texts whose colour is too near that of their background, by the
// formula of WCAG 2.
const contrast = `(() => {
	const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
	const rgb = (colour) => { canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1); return [...canvas.getImageData(0, 0, 1, 1).data]; };
	const light = ([r, g, b]) => { const f = (v) => { v /= 255; return v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; }; return 0.2126 * f(r) + 0.7152 * f(g) + 0.0722 * f(b); };
	const back = (e) => { for (; e; e = e.parentElement) { const c = rgb(getComputedStyle(e).backgroundColor); if (c[3] === 255) return c; } return [255, 255, 255, 255]; };
	const faint = [];
	const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
	while (walk.nextNode()) {
		const e = walk.currentNode.parentElement;
		if (!walk.currentNode.textContent.trim() || !e.checkVisibility() || e.closest(":disabled, .skip, script, noscript")) continue;
		const a = light(rgb(getComputedStyle(e).color)), b = light(back(e));
		const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
		if (ratio < 4.5) faint.push(e.outerHTML.slice(0, 120) + " " + ratio.toFixed(2));
	}
	return faint;
})()`

func TestLoginInBrowser(t *testing.T) {
	b := chromium(t)
	r := start(t, "the-control-token")
	at := r.HTTP.URL + inspector.Base
	b.do(chromedp.Navigate(at+"/timeline"), chromedp.WaitReady("input[name=token]"),
		chromedp.SendKeys("input[name=token]", "the-control-token"+kb.Enter), text("#stream", "Live."))
	_, err := r.api.Push(within(t), "inst-1", event("after the login"))
	must(t, err)
	b.do(text("#timeline", "echo: after the login"))
	cookies := eval[string](b, `document.cookie`)
	if cookies != "" {
		t.Errorf("expected no script to see the cookie, got %q", cookies)
	}
	b.content(r.HTTP.URL)
}
