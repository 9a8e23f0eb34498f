package main

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"strings"
)

// machine names what the numbers were taken on.
func machine() string {
	text := fmt.Sprintf("%d cores", runtime.NumCPU())
	if info, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		for line := range strings.Lines(string(info)) {
			if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
				text += " (" + strings.TrimSpace(value) + ")"
				break
			}
		}
	}
	if info, err := os.ReadFile("/proc/meminfo"); err == nil {
		var kibibytes int64
		if _, err := fmt.Sscanf(string(info), "MemTotal: %d kB", &kibibytes); err == nil {
			text += fmt.Sprintf(", %d GiB of memory", (kibibytes+1<<19)>>20)
		}
	}
	text += ", " + runtime.GOOS + "/" + runtime.GOARCH
	if release, err := os.ReadFile("/proc/sys/kernel/osrelease"); err == nil {
		text += " " + strings.TrimSpace(string(release))
	}
	return text
}

// version names the program that was measured: its version, its commit where it was
// built from one, and the compiler.
func (t *tools) version(ctx context.Context) (string, error) {
	said, err := start(ctx, ".", nil, t.reconcile, "--version")
	if err != nil {
		return "", err
	}
	text := strings.TrimSpace(string(said.stdout))
	if commit, err := start(ctx, "..", nil, "git", "describe", "--always", "--dirty"); err == nil {
		text += " (" + strings.TrimSpace(string(commit.stdout)) + ")"
	}
	return text + ", " + runtime.Version(), nil
}

// peerVersions names what the peers are made of.
func (t *tools) peerVersions(ctx context.Context) (string, error) {
	python, err := start(ctx, ".", nil, t.python, "--version")
	if err != nil {
		return "", err
	}
	text := strings.TrimSpace(string(python.stdout))
	pinned, err := os.ReadFile("requirements.txt")
	if err != nil {
		return "", err
	}
	for line := range strings.Lines(string(pinned)) {
		text += ", " + strings.Replace(strings.TrimSpace(line), "==", " ", 1)
	}
	modules, err := os.ReadFile("go.mod")
	if err != nil {
		return "", err
	}
	for line := range strings.Lines(string(modules)) {
		if fields := strings.Fields(line); len(fields) >= 2 && fields[0] == "github.com/xitongsys/parquet-go" {
			text += ", xitongsys/parquet-go " + strings.TrimPrefix(fields[1], "v")
		}
	}
	return text, nil
}
