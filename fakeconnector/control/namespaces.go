package control

import (
	"context"

	"github.com/relaykit/relaykit/fakeconnector/control/api"
)

// space is the namespace that a request names.
func (s *Server) space(in InNamespace) (*Space, error) {
	space, err := s.Spaces.Get(in.Namespace)
	if err != nil {
		return nil, fault(404, "query.namespace", in.Namespace, "%v; begin it with POST %s/namespaces", err, api.Base)
	}
	return space, nil
}

func (s *Server) info(context.Context, *struct{}) (*out[api.Info], error) {
	info := api.Info{Version: s.Version, RelayURL: s.RelayURL, Started: s.Spaces.started}
	for _, space := range s.Spaces.List() {
		info.Namespaces = append(info.Namespaces, space.Name)
	}
	return give(info)
}

func (s *Server) listNamespaces(context.Context, *struct{}) (*out[api.Namespaces], error) {
	list := api.Namespaces{Namespaces: []api.Namespace{}}
	for _, space := range s.Spaces.List() {
		list.Namespaces = append(list.Namespaces, space.look())
	}
	return give(list)
}

func (space *Space) look() api.Namespace {
	c := space.Connector
	return api.Namespace{Name: space.Name, Epoch: space.Epoch, Created: space.Created,
		Gateways: len(c.Gateways()), Sessions: len(c.Sessions()), Entries: c.Journal().Mark()}
}

func (s *Server) createNamespace(_ context.Context, in *struct{ Body api.NewNamespace }) (*out[api.Namespace], error) {
	space, err := s.Spaces.Create(in.Body.Name)
	if err != nil {
		return nil, refused("body.name", err)
	}
	s.Log.Info("namespace begun", "namespace", space.Name)
	return give(space.look())
}

// namedNamespace names a namespace in the path.
type namedNamespace struct {
	Name string `path:"name" maxLength:"64"`
}

func (s *Server) getNamespace(_ context.Context, in *namedNamespace) (*out[api.Namespace], error) {
	space, err := s.Spaces.Get(in.Name)
	if err != nil {
		return nil, refused("path.name", err)
	}
	return give(space.look())
}

func (s *Server) deleteNamespace(_ context.Context, in *namedNamespace) (*struct{}, error) {
	if err := s.Spaces.Remove(in.Name); err != nil {
		return nil, refused("path.name", err)
	}
	s.Log.Info("namespace ended", "namespace", in.Name)
	return nil, nil
}

func (s *Server) reset(_ context.Context, in *InNamespace) (*out[api.Namespace], error) {
	if _, err := s.space(*in); err != nil {
		return nil, err
	}
	space, err := s.Spaces.Reset(in.Namespace)
	if err != nil {
		return nil, refused("query.namespace", err)
	}
	s.Log.Info("namespace reset", "namespace", space.Name)
	return give(space.look())
}

func (s *Server) snapshot(_ context.Context, in *InNamespace) (*out[api.Snapshot], error) {
	space, err := s.space(*in)
	if err != nil {
		return nil, err
	}
	c := space.Connector
	instances, err := instancesOf(c)
	if err != nil {
		return nil, refused("query.namespace", err)
	}
	snapshot := api.Snapshot{Namespace: space.look(), Mark: c.Journal().Mark(), Forgotten: c.Journal().Forgotten(),
		Tenants: tenantsOf(c), Gateways: gatewaysOf(c), Instances: instances, Sessions: sessionsOf(c), Scopes: scopesOf(c), Bindings: bindingsOf(c),
		Policies: policiesOf(c), Buffers: []api.Buffer{}, Vault: vaultOf(c), Stubs: space.stubs.all()}
	for _, i := range instances {
		if i.Buffered+i.Parked == 0 {
			continue
		}
		buffer, err := bufferOf(c, i.ID, snapshotEntries)
		if err != nil {
			return nil, refused("query.namespace", err)
		}
		snapshot.Buffers = append(snapshot.Buffers, buffer)
	}
	return give(snapshot)
}

// snapshotEntries bounds what a snapshot shows of one buffer; its total says how many
// there are.
const snapshotEntries = 100
