package control

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/relaykit/relaykit/fakeconnector/control/api"
)

// routes are the contents of the API.
func (s *Server) routes() {
	get(s, "Namespaces", "/info", "get-info", "What is running", s.info)
	get(s, "Namespaces", "/namespaces", "list-namespaces", "Every namespace", s.listNamespaces)
	post(s, "Namespaces", "/namespaces", "create-namespace", "Begin a namespace, for a test that shares the connector with others", s.createNamespace, created)
	get(s, "Namespaces", "/namespaces/{name}", "get-namespace", "One namespace", s.getNamespace)
	del(s, "Namespaces", "/namespaces/{name}", "delete-namespace", "End a namespace with everything in it", s.deleteNamespace)
	get(s, "Namespaces", "/snapshot", "get-snapshot", "The whole state, without secrets", s.snapshot)
	post(s, "Namespaces", "/reset", "reset", "Put the namespace back to how it began: from the configuration, or empty; sessions close with 1001", s.reset)

	get(s, "Tenants", "/tenants", "list-tenants", "Every tenant that a gateway or an identity token belongs to", s.listTenants)
	post(s, "Tenants", "/tenants/{tenant}/identity-tokens", "create-identity-token", "Let gateways of the tenant provision themselves", s.createIdentityToken, created, once)
	del(s, "Tenants", "/tenants/{tenant}/identity-tokens", "delete-identity-tokens", "End every identity token of the tenant", s.deleteIdentityTokens)
	post(s, "Tenants", "/tenants/{tenant}/enrollment-tokens", "create-enrollment-token", "Invite a gateway, once", s.createEnrollmentToken, created, once)

	get(s, "Gateways", "/gateways", "list-gateways", "Every record", s.listGateways)
	post(s, "Gateways", "/gateways", "create-gateway", "Store a record; its secret is shown this once", s.createGateway, created, once)
	get(s, "Gateways", "/gateways/{gateway}", "get-gateway", "One record", s.getGateway)
	del(s, "Gateways", "/gateways/{gateway}", "delete-gateway", "Revoke a gateway and forget its record", s.deleteGateway)
	post(s, "Gateways", "/gateways/{gateway}/rotate", "rotate-secret", "Give it a new secret, shown this once; older ones keep verifying", s.rotate, once)
	post(s, "Gateways", "/gateways/{gateway}/drop-old-secrets", "drop-old-secrets", "End the rotation window", s.dropOldSecrets)
	post(s, "Gateways", "/gateways/{gateway}/revoke", "revoke-gateway", "Drop its secrets and close its session with 4401", s.revoke)
	post(s, "Gateways", "/gateways/{gateway}/upgrade-tokens", "create-upgrade-token", "Mint a token to dial with", s.createUpgradeToken, created, once)

	get(s, "Instances", "/instances", "list-instances", "Every instance and its state", s.listInstances)
	get(s, "Instances", "/instances/{instance}", "get-instance", "One instance", s.getInstance)
	post(s, "Instances", "/instances/{instance}/flip", "flip-instance", "Make it buffered-only until its next handshake", s.flip)
	post(s, "Instances", "/instances/{instance}/wake", "wake-instance", "Request its wake URL, unless that was just done", s.wake)

	post(s, "Instances", "/instances/{instance}/deprovision", "deprovision-instance", "Drop its bindings, revoke its gateways and close their sockets with 4401", s.deprovision)
	post(s, "Instances", "/instances/{instance}/instance-tokens", "create-instance-token", "Mint a token for the /manage routes", s.createInstanceToken, created, once)
	post(s, "Instances", "/instances/{instance}/link-codes", "create-link-code", "Make a code that binds whoever sends it to the bot", s.createLinkCode, created, once)
	get(s, "Instances", "/instances/{instance}/principal", "get-principal", "Who besides bound authors a grant lets in", s.getPrincipal)
	put(s, "Instances", "/instances/{instance}/principal", "set-principal", "Say who", s.setPrincipal)

	post(s, "Deliveries", "/posts", "publish-post", "Let the delivery gate decide who receives what somebody wrote, and deliver it to them", s.publish)
	post(s, "Deliveries", "/instances/{instance}/events", "push-event", "Deliver an event to an instance, live or into its buffer", s.push)
	post(s, "Deliveries", "/instances/{instance}/passthrough", "push-passthrough", "Pass a platform's HTTP request on, which is the body as it stood on the wire", s.passthrough, rawHTTP)
	post(s, "Deliveries", "/instances/{instance}/interrupts", "push-interrupt", "Stop the turn of a session", s.interrupt)

	get(s, "Sessions", "/sessions", "list-sessions", "Every open session", s.listSessions)
	get(s, "Sessions", "/sessions/{session}", "get-session", "One session", s.getSession)
	post(s, "Sessions", "/sessions/{session}/close", "close-session", "End it, with a close frame or without", s.closeSession)
	post(s, "Sessions", "/sessions/{session}/frames", "send-frame", "Send any frame on it; stubs see it", s.sendFrame, anyFrame)
	post(s, "Sessions", "/sessions/{session}/messages", "send-message", "Send one WebSocket message as it stands; no stub sees it", s.sendMessage)

	get(s, "Bindings", "/bindings", "list-bindings", "Who may write to which instance", s.listBindings)
	put(s, "Bindings", "/bindings/authors/{instance}/{platform}/{user_id}", "bind-author", "Bind an author to an instance", s.bindAuthor)
	del(s, "Bindings", "/bindings/authors/{instance}/{platform}/{user_id}", "unbind-author", "End that", s.unbindAuthor)
	put(s, "Bindings", "/bindings/grants/{instance}/{platform}/{scope}", "grant-scope", "Grant a scope to an instance", s.grant)
	del(s, "Bindings", "/bindings/grants/{instance}/{platform}/{scope}", "release-scope", "Give it back", s.releaseGrant)
	put(s, "Bindings", "/bindings/dm-defaults/{instance}/{platform}", "set-dm-default", "Give the direct messages of those who are not bound to an instance", s.setDMDefault)
	del(s, "Bindings", "/bindings/dm-defaults/{instance}/{platform}", "delete-dm-default", "End that", s.deleteDMDefault)
	post(s, "Bindings", "/bindings/views", "set-view", "Say whether somebody is permitted to view a chat", s.setView)
	get(s, "Bindings", "/bindings/scopes", "list-scopes", "Which tenants a scope belongs to", s.listScopes)
	put(s, "Bindings", "/bindings/scopes/{scope}/{tenant}", "bind-scope", "Make a scope belong to a tenant", s.bindScope)
	del(s, "Bindings", "/bindings/scopes/{scope}/{tenant}", "unbind-scope", "End that", s.unbindScope)

	get(s, "Policies", "/policies", "list-policies", "What gateways declared", s.listPolicies)
	put(s, "Policies", "/policies/{gateway}/{platform}", "set-policy", "Declare a policy for a gateway, as its own request would", s.setPolicy)
	del(s, "Policies", "/policies/{gateway}/{platform}", "delete-policy", "Take it back", s.deletePolicy)

	get(s, "Buffers", "/buffers", "list-buffers", "The depth of every buffer that holds an entry", s.listBuffers)
	get(s, "Buffers", "/buffers/{instance}", "get-buffer", "What waits for an instance, and what was parked", s.getBuffer)
	del(s, "Buffers", "/buffers/{instance}", "discard-buffer", "Throw away what waits for an instance", s.discardBuffer)

	get(s, "Vault", "/vault", "list-vault", "The capabilities that are kept, without their credentials", s.listVault)
	post(s, "Vault", "/vault", "put-capability", "Keep a capability", s.putCapability, created)
	del(s, "Vault", "/vault", "delete-capability", "Take a capability back", s.deleteCapability)

	get(s, "Stubs", "/faults", "list-faults", "Every fault that there is, with its fields", s.listFaults)
	get(s, "Stubs", "/stubs", "list-stubs", "Every stub in force, in the order in which they are applied", s.listStubs)
	post(s, "Stubs", "/stubs", "create-stub", "Put faults in force", s.createStub, created)
	del(s, "Stubs", "/stubs", "delete-stubs", "Take every stub out of force", s.deleteStubs)
	get(s, "Stubs", "/stubs/{stub}", "get-stub", "One stub and how often it has acted", s.getStub)
	del(s, "Stubs", "/stubs/{stub}", "delete-stub", "Take it out of force and let go of what it holds", s.deleteStub)
	post(s, "Stubs", "/stubs/{stub}/release", "release-stub", "Let go of what it holds, stalls or keeps half open", s.releaseStub)

	get(s, "Journal", "/journal", "query-journal", "Entries, oldest first", s.queryJournal, isRedacted, documents[api.Entries](s))
	get(s, "Journal", "/journal/wait", "wait-journal", "Wait until entries match; 408 when they do not come in time", s.waitJournal, isRedacted, documents[api.Entries](s))
	get(s, "Journal", "/journal/stream", "stream-journal", "Entries as they come, as server-sent events", s.streamJournal, isStream)
	get(s, "Journal", "/journal/export", "export-journal", "Everything that is held, one JSON object a line", s.exportJournal, isExport)
}

// InNamespace is what every route takes that acts on a namespace.
type InNamespace struct {
	Namespace string `query:"namespace" default:"default" maxLength:"64" doc:"where it happens"`
}

// out is an answer whose body is a T.
type out[T any] struct{ Body T }

func give[T any](v T) (*out[T], error) { return &out[T]{v}, nil }

type handler[I, O any] = func(context.Context, *I) (*O, error)

func get[I, O any](s *Server, tag, path, id, summary string, h handler[I, O], more ...func(*huma.Operation)) {
	register(s, http.MethodGet, tag, path, id, summary, h, more)
}

func post[I, O any](s *Server, tag, path, id, summary string, h handler[I, O], more ...func(*huma.Operation)) {
	register(s, http.MethodPost, tag, path, id, summary, h, more)
}

func put[I, O any](s *Server, tag, path, id, summary string, h handler[I, O], more ...func(*huma.Operation)) {
	register(s, http.MethodPut, tag, path, id, summary, h, more)
}

func del[I, O any](s *Server, tag, path, id, summary string, h handler[I, O], more ...func(*huma.Operation)) {
	register(s, http.MethodDelete, tag, path, id, summary, h, more)
}

func register[I, O any](s *Server, method, tag, path, id, summary string, h handler[I, O], more []func(*huma.Operation)) {
	op := huma.Operation{OperationID: id, Method: method, Path: api.Base + path, Summary: summary, Tags: []string{tag},
		MaxBodyBytes: MaxBody + 1, Metadata: map[string]any{}}
	for _, set := range more {
		set(&op)
	}
	huma.Register(s.api, op, h)
}

func created(op *huma.Operation)    { op.DefaultStatus = http.StatusCreated }
func once(op *huma.Operation)       { op.Metadata[shown] = shownOnce }
func isRedacted(op *huma.Operation) { op.Metadata[shown] = redacted }
