package container

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Pattern says whether path is a pattern (*, ?, [a-z]) and not the name of something
// that is there, and names the folder that it starts from.
func Pattern(path string) (folder string, ok bool) {
	if !hasMeta(path) {
		return "", false
	}
	if _, err := os.Lstat(path); err == nil {
		return "", false
	}
	folder, _ = cutPattern(path)
	return folder, true
}

func hasMeta(text string) bool { return strings.ContainsAny(text, "*?[") }

// cutPattern cuts a pattern into the folder before its first part that is one, and its
// parts from there on.
func cutPattern(pattern string) (folder string, parts []string) {
	pattern = filepath.Clean(pattern)
	for hasMeta(pattern) {
		dir, last := filepath.Split(pattern)
		parts = append(parts, last)
		pattern = strings.TrimSuffix(dir, string(filepath.Separator))
		if pattern == "" && dir != "" {
			pattern = string(filepath.Separator)
		}
	}
	slices.Reverse(parts)
	if pattern == "" {
		pattern = "."
	}
	return pattern, parts
}

// matches returns the files that a pattern stands for, and those of the folders that it
// matches, sorted by path. What Files leaves out of folders no pattern matches, and links
// are followed as there. filepath.Glob will not do: it passes over folders that cannot be
// read.
func matches(pattern string) ([]string, error) {
	folder, parts := cutPattern(pattern)
	for _, part := range parts {
		if strings.Contains(part, "**") {
			return nil, inputError(pattern, "", "name the folder: it is read with all that is below it", "** is no part of a pattern")
		}
		if _, err := filepath.Match(part, ""); err != nil {
			return nil, inputError(pattern, "", "close the bracket, or put a backslash before it", "the pattern %q has a [ without its ]", part)
		}
	}
	walk := folderWalk{links: map[string]string{}}
	var err error
	if walk.root, err = filepath.EvalSymlinks(folder); err != nil {
		return nil, err
	}
	walk.match(folder, parts)
	walk.addLinked()
	slices.Sort(walk.files)
	if len(walk.files) == 0 && len(walk.failures) == 0 {
		walk.failures = append(walk.failures, inputError(pattern, "",
			"check the path; hidden files and results of earlier runs are not matched", "no file matches"))
	}
	return walk.files, joined(walk.failures)
}

// match follows the parts of a pattern from a folder.
func (w *folderWalk) match(folder string, parts []string) {
	if !hasMeta(parts[0]) {
		w.matched(filepath.Join(folder, parts[0]), parts[1:])
		return
	}
	entries, err := os.ReadDir(folder)
	if err != nil {
		w.failures = append(w.failures, err)
		return
	}
	written := isWritten(entries)
	for _, entry := range entries {
		name := entry.Name()
		hidden := strings.HasPrefix(name, ".") && !strings.HasPrefix(parts[0], ".")
		if fits, _ := filepath.Match(parts[0], name); fits && !hidden && !isJunk(name) && !isOutput(name, written) {
			w.matched(filepath.Join(folder, name), parts[1:])
		}
	}
}

// matched takes what a part of a pattern matches, and goes on with the parts behind it.
func (w *folderWalk) matched(path string, parts []string) {
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist): // a name behind a wildcard, which is not in every folder
	case err != nil:
		w.failures = append(w.failures, err)
	case info.Mode()&fs.ModeSymlink != 0 && leadsToFolder(path):
		w.failures = append(w.failures, inputError(path, "", "name the folder itself", "a link to a folder is not followed"))
	case info.Mode()&fs.ModeSymlink != 0 && len(parts) == 0:
		w.link(path)
	case info.IsDir() && len(parts) > 0:
		if _, err := os.Lstat(filepath.Join(path, manifestName)); err != nil { // else a result
			w.match(path, parts)
		}
	case len(parts) > 0: // a file where the pattern has a folder
	case info.IsDir():
		w.enterBelow(path)
	case info.Mode().IsRegular():
		w.files = append(w.files, path)
	default:
		w.failures = append(w.failures, pipeError(path))
	}
}

func leadsToFolder(link string) bool {
	info, err := os.Stat(link)
	return err == nil && info.IsDir()
}
