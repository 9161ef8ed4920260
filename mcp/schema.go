package mcp

import (
	"encoding/json"
	"fmt"
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
	return json.Marshal(schema)
}

// outputSchema is the schema of a tool's structured answer. Its fields are described where
// their names do not say enough.
func outputSchema(output reflect.Type) (json.RawMessage, error) {
	schema, err := schemaOf(output)
	if err != nil {
		return nil, err
	}
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
		for i := range t.NumField() {
			f := t.Field(i)
			name, option, _ := strings.Cut(f.Tag.Get("json"), ",")
			if name == "" || name == "-" {
				continue
			}
			p, err := schemaOf(f.Type)
			if err != nil {
				return property{}, err
			}
			p.Description = f.Tag.Get("doc")
			members = append(members, member{name, p, option != "omitempty"})
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

func objectSchema(members []member) (property, error) {
	closed := false
	object := property{Type: "object", Additional: &closed}
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
