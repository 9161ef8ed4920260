//go:build !conformance

package mcp

import "github.com/mark3labs/mcp-go/server"

// fixtureOptions, fixtureURI and addFixtures are for the official conformance suite. The program that people
// run has none: the build tag conformance brings them.
func (s *Server) fixtureOptions(*server.Hooks) []server.ServerOption { return nil }

func fixtureURI(string) bool { return false }

func (s *Server) addFixtures(*server.MCPServer) {}
