package main

import (
	"runtime/debug"

	"troupe/entities"
)

// version is set by the build of a release: -ldflags "-X main.version=1.2.3".
var version string

// currentVersion is the release's version, or what Go recorded about the build.
func currentVersion() string {
	if version != "" {
		return version
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	if info.Main.Version != "" && info.Main.Version != "(devel)" {
		return info.Main.Version
	}
	for _, setting := range info.Settings {
		if setting.Key == "vcs.revision" {
			return "devel-" + setting.Value[:min(12, len(setting.Value))]
		}
	}
	return "devel"
}

// thisProcess is how this process is called where it has the database.
func thisProcess() string { return entities.ThisProcess("troupe " + currentVersion()) }
