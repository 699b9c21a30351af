package inspector

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"net/http"
	"strings"
)

// cookieName holds the pass of a browser that has shown the token once. The pass is made
// anew with every process, and says nothing about the token.
const cookieName = "fakeconnector-inspector"

func newPass() string {
	b := make([]byte, 32)
	_, _ = rand.Read(b) // never fails: crypto/rand ends the process instead
	return hex.EncodeToString(b)
}

// knows reports whether a request comes from somebody who knows the token: by the cookie,
// or by the header that the control API takes.
func (i *Inspector) knows(r *http.Request) bool {
	if i.token == "" {
		return true
	}
	if c, err := r.Cookie(cookieName); err == nil && same(c.Value, i.pass) {
		return true
	}
	return same(r.Header.Get("Authorization"), "Bearer "+i.token)
}

// same compares in a time that depends on neither.
func same(a, b string) bool {
	x, y := sha256.Sum256([]byte(a)), sha256.Sum256([]byte(b))
	return subtle.ConstantTimeCompare(x[:], y[:]) == 1
}

// loginBody is what the page of the login shows.
type loginBody struct{ To string }

func (i *Inspector) loginPage(w http.ResponseWriter, r *http.Request) {
	if i.knows(r) {
		http.Redirect(w, r, ours(r.URL.Query().Get("to")), http.StatusSeeOther)
		return
	}
	i.render(w, http.StatusOK, view{Page: "login.html", Title: "Log in", Body: loginBody{ours(r.URL.Query().Get("to"))}})
}

func (i *Inspector) login(w http.ResponseWriter, r *http.Request) {
	to := ours(r.PostFormValue("to"))
	if i.token != "" && !same(strings.TrimSpace(r.PostFormValue("token")), i.token) {
		i.render(w, http.StatusUnauthorized, view{Page: "login.html", Title: "Log in", Body: loginBody{to},
			Failed: "expected the control token, got something else; fakeconnector serve shows it once, when it starts"})
		return
	}
	http.SetCookie(w, &http.Cookie{Name: cookieName, Value: i.pass, Path: Base, HttpOnly: true, Secure: r.TLS != nil, SameSite: http.SameSiteStrictMode})
	http.Redirect(w, r, to, http.StatusSeeOther)
}

func (i *Inspector) logout(w http.ResponseWriter, r *http.Request) {
	http.SetCookie(w, &http.Cookie{Name: cookieName, Path: Base, MaxAge: -1, HttpOnly: true, Secure: r.TLS != nil, SameSite: http.SameSiteStrictMode})
	http.Redirect(w, r, Base+"/login", http.StatusSeeOther)
}

// ours is a page of the inspector to go to, or its first one: nobody is sent elsewhere.
func ours(to string) string {
	if path, _, _ := strings.Cut(to, "?"); path == Base+"/" || strings.HasPrefix(path, Base+"/") && !strings.Contains(path, "..") && !strings.ContainsAny(path, "\\\r\n") {
		return to
	}
	return Base + "/"
}
