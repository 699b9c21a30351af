package kit

import "fmt"

// ConfigData is what the template of a gateway's configuration file may name:
//
//   - RequireMention (bool): whether a text in a group must address the gateway;
//   - FreeResponseChannels ([]string): ids of the chats in which it need not.
//
// See section 10 of the contract for how they are declared as a policy.
type ConfigData map[string]any

// DefaultConfig is the configuration of a gateway for which a case asks nothing else: all
// at the contract's defaults.
func DefaultConfig() ConfigData {
	return ConfigData{"RequireMention": true, "FreeResponseChannels": []string{}}
}

// Configured changes the configuration file that the gateway is given. A case with it
// names Files among the abilities that it needs of the launcher, and asks
// [G.MustConfigure] first.
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
	data := DefaultConfig()
	for _, change := range cfg.config {
		change(data)
	}
	path, text, err := b.Config(data)
	if err != nil {
		return nil, fmt.Errorf("rendering the target's config: %w", err)
	}
	return map[string]string{path: text}, nil
}
