package control

import (
	"bytes"
	"encoding/json"
	"net/http"
)

// Document is the API as an OpenAPI 3.1 document, the bytes that are served and published.
func (s *Server) Document() ([]byte, error) {
	text, err := json.Marshal(s.api.OpenAPI())
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	if err := json.Indent(&out, text, "", "  "); err != nil {
		return nil, err
	}
	out.WriteByte('\n')
	return out.Bytes(), nil
}

func (s *Server) serveDocument(w http.ResponseWriter, _ *http.Request) {
	text, err := s.Document()
	if err != nil {
		writeProblem(w, problem(http.StatusInternalServerError, "", err.Error()))
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(text)
}
