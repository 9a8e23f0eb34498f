package fees

import (
	"embed"
	"fmt"
)

//go:embed presets/*.yaml
var presetFiles embed.FS

// PresetFiles are the files of presets, in the order in which they are read.
var PresetFiles = []string{"presets/channel.yaml", "presets/instalment.yaml", "presets/platform.yaml", "presets/withdrawal.yaml"}

// PresetRules returns the rules that ship with the program, all assumed. An error
// means that the program was built with faulty presets.
func PresetRules() ([]Rule, error) {
	var rules []Rule
	for _, name := range PresetFiles {
		text, err := presetFiles.ReadFile(name)
		if err != nil {
			return nil, err
		}
		c, err := ReadContract(name, text)
		if err != nil {
			return nil, fmt.Errorf("presets: %w", err)
		}
		rules = append(rules, c.Rules...)
	}
	for i := range rules {
		rules[i].Assumed = true
	}
	return rules, nil
}

// Presets returns the presets as a schedule.
func Presets() (*Schedule, error) { return WithPresets(nil) }

// WithPresets returns the schedule of a merchant's contracts, with the presets for
// what they leave open.
func WithPresets(contracts []Rule) (*Schedule, error) {
	presets, err := PresetRules()
	if err != nil {
		return nil, err
	}
	return NewSchedule(append(presets, contracts...))
}
