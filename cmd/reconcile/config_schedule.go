package main

import (
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"

	"reconcile/ingest"
	"reconcile/schedule"
	"reconcile/schedule/alerts"
	"reconcile/settlement"
	"reconcile/yamlfile"
)

// nightly is the part of the configuration for the nightly job. Paths are resolved
// against the folder of the configuration.
type nightly struct {
	cron, inbox, out string
	zone             *time.Location
	// deadline is the time of the clock from which yesterday's bills are late.
	deadline time.Duration
	retry    schedule.Retry
	first    settlement.Day // the first day whose bills are expected; NoDay where not stated
	// waitForOrders says that a day waits, until deadline, for orders that come daily.
	waitForOrders bool
	over          []string // accounts that deliver no more, as "wechat 1600123456"
	listen        string   // of the metrics; "" where nobody may ask
	alerts        []alerts.Route
}

// defaultNightly is what holds where nothing is configured.
func defaultNightly() nightly {
	return nightly{
		zone: settlement.Shanghai, deadline: 12 * time.Hour, waitForOrders: true, first: settlement.NoDay,
		retry: schedule.Retry{First: 10 * time.Minute, Most: time.Hour}, listen: "127.0.0.1:9102",
	}
}

// times are the wake-ups of the configuration.
func (n *nightly) times() (schedule.Times, error) {
	return schedule.Parse(n.cron, n.zone, time.Now())
}

// inboxFolder is the folder in which the bills arrive; of a pattern the one that it
// starts from.
func (n *nightly) inboxFolder() string {
	if folder, ok := ingest.Pattern(n.inbox); ok {
		return folder
	}
	return n.inbox
}

// zoneField reads the zone of the schedule's times.
func zoneField(r *yamlfile.Reader, to **time.Location) yamlfile.Field {
	return r.Text(func(text string) (string, error) {
		zone, err := time.LoadLocation(text)
		if err != nil || text == "" || text == "Local" {
			return "a name such as Asia/Shanghai, Europe/Berlin or UTC", fmt.Errorf("%q is no zone known", text)
		}
		*to = zone
		return "", nil
	})
}

// clockField reads a time of the clock.
func clockField(r *yamlfile.Reader, to *time.Duration) yamlfile.Field {
	return r.Matching(`^([01][0-9]|2[0-3]):[0-5][0-9]$`, func(text string) (string, error) {
		at, err := time.Parse("15:04", text)
		if err != nil || len(text) != len("15:04") {
			return `write it in quotes, such as "12:00"`, fmt.Errorf("%q is no time of the clock", text)
		}
		*to = time.Duration(at.Hour())*time.Hour + time.Duration(at.Minute())*time.Minute
		return "", nil
	})
}

// boolField reads true or false.
func boolField(r *yamlfile.Reader, to *bool) yamlfile.Field {
	return r.Text(func(text string) (string, error) {
		if *to = text == "true"; !*to && text != "false" {
			return "true or false", fmt.Errorf("%q is neither", text)
		}
		return "", nil
	})
}

// retryField reads the pauses between two looks for a bill, such as 10m..1h.
func retryField(r *yamlfile.Reader, to *schedule.Retry) yamlfile.Field {
	return r.Text(func(text string) (string, error) {
		first, most, ok := strings.Cut(text, "..")
		if !ok {
			most = first
		}
		from, errFrom := time.ParseDuration(strings.TrimSpace(first))
		until, errUntil := time.ParseDuration(strings.TrimSpace(most))
		if errFrom != nil || errUntil != nil || from < time.Minute || until < from || until > 24*time.Hour {
			return "the first pause and the longest, between 1m and 24h, such as 10m..1h", fmt.Errorf("%q are no pauses", text)
		}
		*to = schedule.Retry{First: from, Most: until}
		return "", nil
	})
}

// dayField reads a day.
func dayField(r *yamlfile.Reader, to *settlement.Day) yamlfile.Field {
	return r.Matching(`^20[0-9]{2}-[0-9]{2}-[0-9]{2}$`, func(text string) (string, error) {
		day, err := settlement.ParseDay([]byte(text))
		if err != nil {
			return "a day such as 2024-09-12", fmt.Errorf("%q is no day", text)
		}
		*to = day
		return "", nil
	})
}

// endedAccountField reads an account whose bills are expected no more.
func endedAccountField(r *yamlfile.Reader, to *[]string) yamlfile.Field {
	return r.Text(func(text string) (string, error) {
		fields := strings.Fields(text)
		if len(fields) == 0 || len(fields) > 2 || !slices.Contains(settlement.WalletWords[1:], fields[0]) {
			return "the wallet and the account, such as wechat 1600123456", fmt.Errorf("%q is no account of a wallet", text)
		}
		*to = append(*to, strings.Join(fields, " "))
		return "", nil
	})
}

// listenField reads the address of the metrics.
func listenField(r *yamlfile.Reader, to *string) yamlfile.Field {
	return r.Text(func(text string) (string, error) {
		if *to = ""; text == "off" {
			return "", nil
		}
		if _, port, err := net.SplitHostPort(text); err != nil || port == "" {
			return `an address with its port, such as 127.0.0.1:9102, or "off"`, fmt.Errorf("%q is no address to listen on", text)
		}
		*to = text
		return "", nil
	})
}

// alertsField reads to whom what is told.
func alertsField(r *yamlfile.Reader, to *nightly) yamlfile.Field {
	return r.List(func(at string, n ast.Node) {
		var route alerts.Route
		text := func(to *string) yamlfile.Field {
			return r.Text(func(text string) (string, error) {
				if *to = strings.TrimSpace(text); *to == "" {
					return "write it, or leave the key out", errors.New("it is empty")
				}
				return "", nil
			})
		}
		file := func(to *string) yamlfile.Field {
			return r.Text(func(text string) (string, error) {
				if text == "" {
					return "give a path, or leave the key out", errors.New("it is empty")
				}
				if !filepath.IsAbs(text) {
					text = filepath.Join(filepath.Dir(r.Path), text)
				}
				*to = filepath.Clean(text)
				return "", nil
			})
		}
		// Known so that the advice is better than for any other key. The value is not
		// looked at, and not printed.
		secret := func(instead string) yamlfile.Field {
			return func(at string, _ ast.Node) {
				r.Fault(r.Places[at], "name an environment variable with "+instead+"_env, or a file with "+instead+"_file; and have the robot make a new one, since it stood in a configuration",
					"%s: a secret does not belong into the configuration", at)
			}
		}
		before := r.Faults()
		r.Mapping(at, n, map[string]yamlfile.Field{
			"name":  text(&route.Name),
			"robot": r.OneOf(alerts.Robots, func(word string) { route.Robot = alerts.Robot(word) }),
			"kinds": r.List(r.OneOf(alerts.Kinds, func(word string) { route.Kinds = append(route.Kinds, alerts.Kind(word)) })),
			"threshold": r.Text(func(text string) (string, error) {
				a, err := settlement.ParseAmount([]byte(text))
				if err != nil || a < 0 {
					return "yuan, such as 100.00", fmt.Errorf("%q is no threshold", text)
				}
				route.Threshold = int64(a)
				return "", nil
			}),
			"url_env": text(&route.URLEnv), "url_file": file(&route.URLFile), "url": secret("url"),
			"secret_env": text(&route.SecretEnv), "secret_file": file(&route.SecretFile), "secret": secret("secret"),
		})
		r.Required(at, n, "name", "robot", "kinds")
		if r.Faults() > before || r.Describing() {
			return // what is missing may be what was written wrong
		}
		checkRoute(r, at, &route, to.alerts)
		to.alerts = append(to.alerts, route)
	})
}

// checkRoute says what of a route contradicts itself.
func checkRoute(r *yamlfile.Reader, at string, route *alerts.Route, others []alerts.Route) {
	place := r.Places[at]
	if (route.URLEnv == "") == (route.URLFile == "") {
		r.Fault(place, "the address of the robot is read from one of the two", "%s: url_env or url_file is needed, one of them", at)
	}
	if route.SecretEnv != "" && route.SecretFile != "" {
		r.Fault(place, "keep one", "%s: secret_env and secret_file are both set", at)
	}
	if (route.SecretEnv != "" || route.SecretFile != "") && !route.Robot.Signs() {
		r.Fault(place, "leave it out", "%s: a %s robot knows no signed messages", at, route.Robot)
	}
	if len(route.Kinds) == 0 {
		r.Fault(r.Places[at+".kinds"], "known: "+strings.Join(alerts.Kinds, ", "), "%s.kinds: it is empty", at)
	}
	for _, other := range others {
		if other.Name == route.Name {
			r.Fault(r.Places[at+".name"], "give each its own", "%s.name: %q is the name of another one", at, route.Name)
		}
	}
}
