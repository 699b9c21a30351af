package kit

import "fmt"

// ConfigData is what the template of a gateway's configuration file may name:
//
//   - Platform (string): the platform whose section the next three are for;
//   - RequireMention (bool): whether a text in a group must address the gateway;
//   - FreeResponseChannels ([]string): ids of the chats in which it need not;
//   - FreeResponseText (string): the same, written as one text with commas; where it is
//     not empty it stands in place of the list;
//   - RelayURL, RelayID, RelaySecret, RelayEndpoint, RelayRouteKeys, RelayInstanceID,
//     RelayWakeURL (string): the contract's config keys, each left out where it is empty.
//
// {{json .X}} writes any of them as JSON, which YAML reads as well. A template need not
// name them all: a case that changes one that it does not name is not applicable. See the
// sections "Policy" and "Gateway configuration" of the contract for what they mean.
type ConfigData map[string]any

// DefaultConfig is the configuration of a gateway for which a case asks nothing else: all
// at the contract's defaults.
func DefaultConfig(platform string) ConfigData {
	return ConfigData{
		"Platform": platform, "RequireMention": false, "FreeResponseChannels": []string{}, "FreeResponseText": "",
		"RelayURL": "", "RelayID": "", "RelaySecret": "", "RelayEndpoint": "", "RelayRouteKeys": "", "RelayInstanceID": "", "RelayWakeURL": "",
	}
}

// Configured changes the configuration file that the gateway is given. A case with it
// names Files among the abilities that it needs of the launcher, and asks [G.Uses] first.
func Configured(change func(ConfigData)) InstanceOption {
	return func(c *instanceConfig) { c.config = append(c.config, change) }
}

// MustConfigure ends the case as not applicable when the suite cannot write this
// gateway's configuration.
func (g *G) MustConfigure() {
	if g.bench.Config == nil {
		g.NotApplicable("the target file has no config, so the suite cannot configure the gateway")
	}
}

// MustIdentify ends the case as not applicable when nobody said where the gateway finds
// its identity token, and otherwise returns the option that gives it one.
func (g *G) MustIdentify(token string) InstanceOption {
	name := g.Facts.IdentityEnv
	if name == "" {
		g.NotApplicable("the target file has no identity, so the suite cannot give the gateway its identity token")
	}
	g.bench.Secret(token)
	return Environment(func(env map[string]string) { env[name] = token })
}

// files are those that a gateway finds in its working directory when it starts.
func (b *Bench) files(cfg *instanceConfig) (map[string]string, error) {
	if b.Config == nil || !b.Launcher.Can().Files {
		return nil, nil
	}
	data := DefaultConfig(b.Platform)
	for _, change := range cfg.config {
		change(data)
	}
	path, text, err := b.Config(data)
	if err != nil {
		return nil, fmt.Errorf("rendering the target's config: %w", err)
	}
	return map[string]string{path: text}, nil
}
