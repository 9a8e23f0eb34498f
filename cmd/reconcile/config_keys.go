package main

import (
	_ "embed"
	"strings"

	"reconcile/yamlfile"
)

//go:embed keys.txt
var keysText string

// configKey is what people are told of a key of the configuration.
type configKey struct{ standard, example, meaning string }

// configKeys are those of keys.txt.
func configKeys() map[string]configKey {
	keys := map[string]configKey{}
	for line := range strings.Lines(keysText) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		cells := strings.SplitN(line, "|", 4)
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		keys[cells[0]] = configKey{cells[1], cells[2], cells[3]}
	}
	return keys
}

// keyNamed is what is told of a key; those of refunds mean what those of orders do.
func keyNamed(keys map[string]configKey, path string) (configKey, bool) {
	if key, ok := keys[path]; ok {
		return key, true
	}
	below, ok := strings.CutPrefix(path, "refunds.")
	if !ok {
		return configKey{}, false
	}
	key, ok := keys["orders."+below]
	return key, ok
}

// explained adds to a schema what its keys mean.
func explained(s yamlfile.Schema) yamlfile.Schema {
	keys := configKeys()
	eachKey(s, "", func(path string, of yamlfile.Schema) {
		if key, ok := keyNamed(keys, path); ok {
			of["description"] = key.meaning
		}
	})
	return s
}

// eachKey calls do for every key that a schema describes; [] stands for an entry of a list.
func eachKey(s yamlfile.Schema, at string, do func(path string, of yamlfile.Schema)) {
	properties, _ := s["properties"].(yamlfile.Schema)
	for name, of := range properties {
		below, ok := of.(yamlfile.Schema)
		if !ok {
			continue
		}
		path := at + name
		do(path, below)
		eachKey(below, path+".", do)
		if items, ok := below["items"].(yamlfile.Schema); ok {
			eachKey(items, path+"[].", do)
		}
	}
}
