package mcp_test

import (
	"strings"
	"testing"

	"troupe/entities"
	"troupe/mcp"
)

func TestDecode(t *testing.T) {
	const link = "https://discord.com/channels/100000000000000001/100000000000000002/100000000000000003"
	is := func(check func(mcp.Sample) bool) func(mcp.Sample) bool { return check }
	for name, c := range map[string]struct {
		arguments string
		want      func(mcp.Sample) bool
	}{
		"all": {`{"channel":"#a","message":"100000000000000003","text":"hi","count":5,"loud":true,"tags":["x"]}`, is(func(s mcp.Sample) bool {
			return s.Ref() == "#a" && s.Message.ID == 100000000000000003 && s.Count == 5 && s.Loud && len(s.Tags) == 1
		})},
		"default":           {`{"channel":"a"}`, is(func(s mcp.Sample) bool { return s.Count == 30 && !s.Loud && s.Message.ID == 0 })},
		"null is absent":    {`{"channel":"a","count":null,"text":null}`, is(func(s mcp.Sample) bool { return s.Count == 30 && s.Text == "" })},
		"empty is absent":   {`{"channel":"a","count":"","message":""}`, is(func(s mcp.Sample) bool { return s.Count == 30 && s.Message.ID == 0 })},
		"number as text":    {`{"channel":"a","count":" 42 "}`, is(func(s mcp.Sample) bool { return s.Count == 42 })},
		"whole float":       {`{"channel":"a","count":42.0}`, is(func(s mcp.Sample) bool { return s.Count == 42 })},
		"flag as text":      {`{"channel":"a","loud":"True"}`, is(func(s mcp.Sample) bool { return s.Loud })},
		"text as number":    {`{"channel":"a","text":42}`, is(func(s mcp.Sample) bool { return s.Text == "42" })},
		"small id":          {`{"channel":1234}`, is(func(s mcp.Sample) bool { return s.Ref() == "1234" })},
		"link":              {`{"channel":"a","message":"` + link + `"}`, is(func(s mcp.Sample) bool { return s.Message.ID == 100000000000000003 })},
		"quiet link":        {`{"channel":"a","message":"<` + link + `>"}`, is(func(s mcp.Sample) bool { return s.Message.ID == 100000000000000003 })},
		"one tag":           {`{"channel":"a","tags":"x"}`, is(func(s mcp.Sample) bool { return len(s.Tags) == 1 && s.Tags[0] == "x" })},
		"tags in a text":    {`{"channel":"a","tags":"[\"x\",\"y\"]"}`, is(func(s mcp.Sample) bool { return len(s.Tags) == 2 && s.Tags[1] == "y" })},
		"all of it as text": {`"{\"channel\":\"a\",\"count\":\"7\"}"`, is(func(s mcp.Sample) bool { return s.Ref() == "a" && s.Count == 7 })},
		"space around":      {`{"channel":"  #a "}`, is(func(s mcp.Sample) bool { return s.Ref() == "#a" })},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := mcp.Decode(c.arguments)
			if err != nil || !c.want(got) {
				t.Errorf("%+v, %v", got, err)
			}
		})
	}
	for name, c := range map[string]struct{ arguments, want string }{
		"none":             {``, "sample needs channel"},
		"null":             {`null`, "sample needs channel"},
		"empty channel":    {`{"channel":""}`, "sample needs channel"},
		"unknown":          {`{"channel":"a","limit":3,"Text":"x"}`, `sample does not know "Text", "limit". It takes: channel, message, text, count, loud, tags.`},
		"large id":         {`{"channel":100000000000000003}`, "loses its last digits"},
		"large message id": {`{"channel":"a","message":100000000000000003}`, "loses its last digits"},
		"float id":         {`{"channel":1.0e17}`, "loses its last digits"},
		"not a message":    {`{"channel":"a","message":"hello"}`, "message must be a message's id or its link"},
		"link to nowhere":  {`{"channel":"a","message":"https://discord.com/channels/100000000000000001/100000000000000002"}`, "message must be"},
		"foreign link":     {`{"channel":"a","message":"https://evil.example/channels/1/2/3"}`, "message must be"},
		"too many":         {`{"channel":"a","count":101}`, "count must be a whole number from 1 to 100, not 101"},
		"too few":          {`{"channel":"a","count":0}`, "from 1 to 100"},
		"half":             {`{"channel":"a","count":1.5}`, "count must be"},
		"not a number":     {`{"channel":"a","count":"many"}`, "count must be"},
		"NaN":              {`{"channel":"a","count":"NaN"}`, "count must be"},
		"huge":             {`{"channel":"a","count":1e300}`, "count must be"},
		"not a flag":       {`{"channel":"a","loud":"loudly"}`, "loud must be true or false"},
		"flag as number":   {`{"channel":"a","loud":1}`, "loud must be"},
		"text as object":   {`{"channel":"a","text":{}}`, "text must be a text"},
		"channel as list":  {`{"channel":["a"]}`, "channel must be a text"},
		"tags as object":   {`{"channel":"a","tags":{}}`, "tags must be a list of texts"},
		"a list":           {`[1]`, "not a JSON object"},
		"text of no JSON":  {`"hello"`, "not a JSON object"},
		"twins in a text":  {`"{\"channel\":\"a\",\"channel\":\"b\"}"`, "not a JSON object"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := mcp.Decode(c.arguments)
			if !entities.IsRefusal(err, entities.Invalid) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v", err)
			}
		})
	}
}
