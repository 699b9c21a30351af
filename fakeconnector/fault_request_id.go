package fakeconnector

// WrongRequestID answers with the id of no request.
type WrongRequestID struct {
	RequestID string `json:"request_id,omitempty"` // default "nobody-asked"
}

// Name implements [Fault].
func (WrongRequestID) Name() string { return "wrong-request-id" }

// Apply implements [Fault].
func (f WrongRequestID) Apply(x *Exchange) {
	or(&f.RequestID, "nobody-asked")
	SetField{Pointer: "/requestId", Value: quoted(f.RequestID)}.Apply(x)
}
