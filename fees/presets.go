package fees

import (
	"bytes"
	_ "embed" // the presets
	"errors"
	"fmt"
	"io"
	"strconv"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"

	"reconcile/settlement"
)

//go:embed presets/channel.yaml
var channelPresets []byte

// Presets returns the rules that ship with the program, all assumed. An error
// means that the program was built with faulty presets.
func Presets() (*Schedule, error) {
	rules, err := parseRules("presets/channel.yaml", channelPresets)
	if err != nil {
		return nil, err
	}
	for i := range rules {
		rules[i].Assumed = true
	}
	return NewSchedule(rules)
}

// writtenRule is a rule as YAML writes it. Days and times are of Asia/Shanghai; a
// day stands for its first instant.
type writtenRule struct {
	RuleID         string       `yaml:"rule_id"`
	Version        scalar       `yaml:"version"`
	Wallet         string       `yaml:"wallet"`
	Event          string       `yaml:"event"`
	From           string       `yaml:"from"`
	Until          string       `yaml:"until"`
	Kind           RuleKind     `yaml:"kind"`
	RatePPM        scalar       `yaml:"rate_ppm"`
	Rounding       Rounding     `yaml:"rounding"`
	RefundPolicy   RefundPolicy `yaml:"refund_policy"`
	ExcludesEscrow bool         `yaml:"excludes_escrow"`
	Source         string       `yaml:"source"`
	Mark           Mark         `yaml:"mark"`
}

// scalar is a YAML scalar as it is written. The decoder itself would cut the
// number 0.38 to a whole 0 and turn version 1.10 into 1.1.
type scalar string

// UnmarshalYAML implements yaml.NodeUnmarshaler.
func (s *scalar) UnmarshalYAML(node ast.Node) error {
	value, ok := node.(ast.ScalarNode)
	if !ok || node.Type() == ast.NullType {
		return fmt.Errorf("line %d: a single value is needed", node.GetToken().Position.Line)
	}
	*s = scalar(value.GetToken().Value)
	return nil
}

// parseRules reads a list of rules under the key `rules`. Unknown keys and
// repeated ones are refused with their position; values that Go cannot hold are
// joined into one error. NewSchedule checks the rest.
func parseRules(file string, text []byte) ([]Rule, error) {
	var written struct {
		Rules []writtenRule `yaml:"rules"`
	}
	decoder := yaml.NewDecoder(bytes.NewReader(text), yaml.Strict())
	if err := decoder.Decode(&written); err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	if err := decoder.Decode(new(any)); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%s: more than one YAML document", file)
	}
	if len(written.Rules) == 0 {
		return nil, fmt.Errorf("%s: no rules (list them under the key \"rules\")", file)
	}
	rules := make([]Rule, len(written.Rules))
	var faults []error
	for i := range written.Rules {
		var err error
		if rules[i], err = written.Rules[i].rule(); err != nil {
			faults = append(faults, fmt.Errorf("%s: rule %d %q: %w", file, i+1, written.Rules[i].RuleID, err))
		}
	}
	return rules, errors.Join(faults...)
}

func (w *writtenRule) rule() (Rule, error) {
	r := Rule{
		ID: w.RuleID, Version: string(w.Version), Kind: w.Kind, Rate: settlement.NoRate, Rounding: w.Rounding,
		Refund: w.RefundPolicy, ExcludesEscrow: w.ExcludesEscrow, Source: w.Source, Mark: w.Mark,
	}
	var faults []error
	var ok bool
	if r.Wallet, ok = settlement.ParseWallet(w.Wallet); !ok {
		faults = append(faults, fmt.Errorf("wallet %q is not known", w.Wallet))
	}
	switch w.Event {
	case settlement.Payment.String():
		r.Event = settlement.Payment
	case settlement.Refund.String():
		r.Event = settlement.Refund
	default:
		faults = append(faults, fmt.Errorf("event %q is neither payment nor refund", w.Event))
	}
	var err error
	if r.From, err = parseBound(w.From); err != nil {
		faults = append(faults, fmt.Errorf("from %q: %w", w.From, err))
	}
	if r.Until, err = parseBound(w.Until); err != nil {
		faults = append(faults, fmt.Errorf("until %q: %w", w.Until, err))
	}
	if w.RatePPM != "" {
		if ppm, err := strconv.ParseUint(string(w.RatePPM), 10, 31); err != nil || ppm > 1_000_000 {
			faults = append(faults, fmt.Errorf("rate_ppm %s is not a whole number from 0 to 1000000 (0.60%% is 6000)", w.RatePPM))
		} else {
			r.Rate = settlement.Rate(ppm)
		}
	}
	return r, errors.Join(faults...)
}

// parseBound reads a day or a time; the empty text is an open end.
func parseBound(text string) (settlement.Instant, error) {
	switch len(text) {
	case 0:
		return settlement.NoInstant, nil
	case len("2006-01-02"):
		day, err := settlement.ParseDay([]byte(text))
		if err != nil {
			return settlement.NoInstant, err
		}
		return day.Start(), nil
	}
	return settlement.ParseInstant([]byte(text))
}
