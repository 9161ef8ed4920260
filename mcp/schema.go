package mcp

import (
	"encoding/json"
	"fmt"
	"iter"
	"reflect"
	"strings"
)

// property is the JSON Schema of one value.
type property struct {
	Type        string          `json:"type"`
	Description string          `json:"description,omitempty"`
	Minimum     *int            `json:"minimum,omitempty"`
	Maximum     *int            `json:"maximum,omitempty"`
	Default     *int            `json:"default,omitempty"`
	Items       *property       `json:"items,omitempty"`
	Properties  json.RawMessage `json:"properties,omitempty"`
	Required    []string        `json:"required,omitempty"`
	Additional  *bool           `json:"additionalProperties,omitempty"`
}

// inputSchema is the schema of a tool's arguments, in the order of its fields.
func inputSchema(fields []field) (json.RawMessage, error) {
	members := make([]member, 0, len(fields))
	for _, f := range fields {
		p := property{Description: f.doc}
		switch f.kind {
		case flagType:
			p.Type = "boolean"
		case numberType:
			p.Type, p.Minimum, p.Maximum, p.Default = "integer", &f.min, &f.max, &f.fallback
		case textsType:
			p.Type, p.Items = "array", &property{Type: "string"}
		case embedsType:
			embeds, err := schemaOf(f.kind)
			if err != nil {
				return nil, err
			}
			p.Type, p.Items = embeds.Type, embeds.Items
		default:
			p.Type = "string"
		}
		members = append(members, member{f.name, p, f.required})
	}
	schema, err := objectSchema(members)
	if err != nil {
		return nil, err
	}
	closed := false
	schema.Additional = &closed
	return json.Marshal(schema)
}

// outputSchema is the schema of a tool's structured answer, one level deep: every client pays for
// it in the model's context at each connection, and what is always there, and what lies deeper, explains itself in an answer.
func outputSchema(output reflect.Type) (json.RawMessage, error) {
	var members []member
	for m := range shownOf(output) {
		inner := m.kind
		if inner.Kind() == reflect.Slice {
			m.schema.Type = "array"
			inner = inner.Elem()
		}
		p := property{Type: "object"}
		if inner.Kind() != reflect.Struct {
			var err error
			if p, err = schemaOf(inner); err != nil {
				return nil, err
			}
		}
		if m.schema.Type == "array" {
			m.schema.Items = &p
		} else {
			m.schema.Type = p.Type
		}
		members = append(members, m.member)
	}
	schema, err := objectSchema(members)
	if err != nil {
		return nil, err
	}
	schema.Required = nil
	return json.Marshal(schema)
}

func schemaOf(t reflect.Type) (property, error) {
	switch t.Kind() {
	case reflect.String:
		return property{Type: "string"}, nil
	case reflect.Bool:
		return property{Type: "boolean"}, nil
	case reflect.Int:
		return property{Type: "integer"}, nil
	case reflect.Slice:
		items, err := schemaOf(t.Elem())
		return property{Type: "array", Items: &items}, err
	case reflect.Struct:
		var members []member
		for m := range shownOf(t) {
			p, err := schemaOf(m.kind)
			if err != nil {
				return property{}, err
			}
			p.Description = m.schema.Description
			members = append(members, member{m.name, p, m.required})
		}
		return objectSchema(members)
	default:
		return property{}, fmt.Errorf("%s has no place in an answer", t)
	}
}

type member struct {
	name     string
	schema   property
	required bool
}

// typed is a member whose schema has no type yet.
type typed struct {
	member
	kind reflect.Type
}

// shownOf gives the fields of a struct that JSON shows.
func shownOf(t reflect.Type) iter.Seq[typed] {
	return func(yield func(typed) bool) {
		for f := range t.Fields() {
			name, option, _ := strings.Cut(f.Tag.Get("json"), ",")
			if name == "" || name == "-" {
				continue
			}
			shown := member{name, property{Description: f.Tag.Get("doc")}, option != "omitempty"}
			if !yield(typed{shown, f.Type}) {
				return
			}
		}
	}
}

func objectSchema(members []member) (property, error) {
	object := property{Type: "object"}
	properties := []byte{'{'}
	for i, m := range members {
		if i > 0 {
			properties = append(properties, ',')
		}
		schema, err := json.Marshal(m.schema)
		if err != nil {
			return property{}, err
		}
		properties = fmt.Appendf(properties, "%q:%s", m.name, schema)
		if m.required {
			object.Required = append(object.Required, m.name)
		}
	}
	object.Properties = append(properties, '}')
	return object, nil
}
