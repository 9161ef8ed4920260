package relay

import (
	"fmt"
	"testing"

	"github.com/disgoorg/disgo/discord"
	"github.com/disgoorg/snowflake/v2"
)

func TestCalled(t *testing.T) {
	t.Parallel()
	var c called
	if name, known := c.name(1, 2); known {
		t.Errorf("nobody is called %q", name)
	}
	global, nick, none := "Mia", "Mimi", ""
	mia := discord.User{ID: 2, Username: "mia"}
	for _, test := range []struct {
		user   discord.User
		nick   *string
		expect string
	}{
		{mia, nil, "mia"},
		{discord.User{ID: 2, Username: "mia", GlobalName: &global}, nil, "Mia"},
		{discord.User{ID: 2, Username: "mia", GlobalName: &global}, &nick, "Mimi"},
		{mia, &none, "mia"},
		{discord.User{ID: 2}, nil, "mia"}, // which says nothing
	} {
		c.learn(1, test.user, test.nick)
		if name, known := c.name(1, 2); !known || name != test.expect {
			t.Errorf("after %+v, %v she is called %q", test.user, test.nick, name)
		}
	}
	c.learn(1, discord.User{Username: "nobody"}, nil)
	if name, known := c.name(1, 0); known {
		t.Errorf("nobody is called %q", name)
	}
	if name, known := c.name(3, 2); known {
		t.Errorf("on another server she is called %q", name)
	}
}

// Only so many names are kept, and those that are asked for stay.
func TestCalledIsBounded(t *testing.T) {
	t.Parallel()
	var c called
	for n := range 3 * mostCalled {
		c.learn(1, discord.User{ID: snowflake.ID(n + 1), Username: fmt.Sprint("user ", n)}, nil)
		if name, known := c.name(1, 1); !known || name != "user 0" {
			t.Fatalf("after %d others the first is called %q", n, name)
		}
	}
	if kept := len(c.names) + len(c.older); kept > mostCalled+1 || len(c.names) > mostCalled/2 {
		t.Errorf("%d and %d names are kept", len(c.names), len(c.older))
	}
	if _, known := c.name(1, 3*mostCalled); !known {
		t.Error("the last one is forgotten")
	}
	if _, known := c.name(1, 2); known {
		t.Error("nothing is forgotten")
	}
}
