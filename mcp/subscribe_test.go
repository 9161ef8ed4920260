package mcp_test

import (
	"testing"

	"troupe/mcp"
)

// TestSubscribeAtOnce lets a session subscribe while another message of it changes nothing. What
// is acknowledged is kept.
func TestSubscribeAtOnce(t *testing.T) {
	s := newStage(t)
	ada := s.entity(t, "Ada", "", s.general)
	kept, err := mcp.SubscribeAtOnce(s.server, ada.Key, ada.Entity.ID)
	if err != nil || !kept {
		t.Errorf("kept: %v; %v", kept, err)
	}
}

// TestSubscribeTooLate has a session end while it subscribes: nobody is told of anything then,
// and nothing is left that would be.
func TestSubscribeTooLate(t *testing.T) {
	s := newStage(t)
	ada := s.entity(t, "Ada", "", s.general)
	stopped, err := mcp.SubscribeTooLate(s.server, ada.Key, ada.Entity.ID)
	if err == nil || !stopped {
		t.Errorf("stopped: %v; %v", stopped, err)
	}
}
