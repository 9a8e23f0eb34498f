package container

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// Files returns the files that path stands for: path itself; of a folder the files in it
// and below; of a pattern (see Pattern) those that it matches; sorted by path. Left out are hidden names, what
// operating systems add, and what runs have written (see isOutput). A link is
// read where it leads to a file inside the folder that is not listed itself; a
// link that leads out of the folder is an error, because a file left out without
// a word would be missing money.
func Files(path string) ([]string, error) {
	if _, ok := Pattern(path); ok {
		return matches(path)
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		if !info.Mode().IsRegular() {
			return nil, inputError(path, "", "write it to a file first", "a pipe or device cannot be read twice")
		}
		return []string{path}, nil
	}
	walk := folderWalk{links: map[string]string{}}
	if walk.root, err = filepath.EvalSymlinks(path); err != nil {
		return nil, err
	}
	walk.enter(path)
	walk.addLinked()
	slices.Sort(walk.files)
	if len(walk.files) == 0 && len(walk.failures) == 0 {
		walk.failures = append(walk.failures, inputError(path, "",
			"name a folder with statements or orders; hidden files and results of earlier runs are not read", "the folder holds no file to read"))
	}
	return walk.files, joined(walk.failures)
}

// folderWalk gathers the files below one folder.
type folderWalk struct {
	root     string // without links
	files    []string
	links    map[string]string // resolved target to link
	failures []error
}

func (w *folderWalk) enter(folder string) {
	entries, err := os.ReadDir(folder)
	if err != nil {
		w.failures = append(w.failures, err)
	}
	written := isWritten(entries)
	for _, entry := range entries {
		name, path := entry.Name(), filepath.Join(folder, entry.Name())
		switch {
		case strings.HasPrefix(name, ".") || isJunk(name) || isOutput(name, written):
		case entry.Type()&fs.ModeSymlink != 0:
			w.link(path)
		case entry.IsDir():
			w.enterBelow(path)
		case entry.Type().IsRegular():
			w.files = append(w.files, path)
		default:
			w.failures = append(w.failures, pipeError(path))
		}
	}
}

// isWritten says that a run's manifest is among the entries of a folder.
func isWritten(entries []fs.DirEntry) bool {
	return slices.ContainsFunc(entries, func(e fs.DirEntry) bool { return e.Name() == manifestName })
}

func pipeError(path string) error {
	return inputError(path, "", "write it to a file first, or take it out of the folder", "a pipe or device cannot be read twice")
}

// enterBelow enters a folder unless it is the result of a run.
func (w *folderWalk) enterBelow(folder string) {
	if _, err := os.Lstat(filepath.Join(folder, manifestName)); err == nil {
		return
	}
	w.enter(folder)
}

const manifestName = "run.json"

// ownPart is a part of a table that a run writes. Other Parquet files are somebody's orders.
var ownPart = regexp.MustCompile(`^part-\d{5,}\.parquet(\.staged)?$`)

var settlementDay = regexp.MustCompile(`^dt=\d{4}-\d{2}-\d{2}$`)

// isOutput tells what a run has written. written says that a run's manifest lies
// beside it, and then its reports are left out too.
func isOutput(name string, written bool) bool {
	switch name {
	case manifestName, "_SUCCESS", "reconcile-out":
		return true
	case "report.html", "report.xlsx", "journal.csv":
		return written
	}
	return ownPart.MatchString(name) || settlementDay.MatchString(name)
}

func (w *folderWalk) link(path string) {
	target, err := filepath.EvalSymlinks(path)
	if err != nil {
		w.failures = append(w.failures, inputError(path, "", "remove the link or restore its file", "a link that leads nowhere"))
		return
	}
	below, err := filepath.Rel(w.root, target)
	if err != nil || below == ".." || strings.HasPrefix(below, ".."+string(filepath.Separator)) {
		w.failures = append(w.failures, inputError(path, "", "name the file itself, or copy it into the folder", "a link out of the folder is not followed"))
		return
	}
	info, err := os.Stat(target)
	switch {
	case err != nil:
		w.failures = append(w.failures, err)
	case info.Mode().IsRegular():
		if _, known := w.links[target]; !known {
			w.links[target] = path
		}
	}
	// A link to a folder inside is left out: its files are listed under their own
	// names.
}

// addLinked adds links whose file is not listed under its own name.
func (w *folderWalk) addLinked() {
	if len(w.links) == 0 {
		return
	}
	for _, file := range w.files {
		real, err := filepath.EvalSymlinks(file)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			w.failures = append(w.failures, err)
		}
		delete(w.links, real)
	}
	for _, link := range w.links {
		w.files = append(w.files, link)
	}
}
