package sandbox

import (
	"strconv"
	"time"
)

// query reads a call's query string and notes what is wrong with it.
type query struct {
	c *call
	form
}

func (q *query) text(name string) string { return q.c.URL.Query().Get(name) }

func (q *query) has(name string) bool { return q.c.URL.Query().Has(name) }

// id is a snowflake; 0 when it is not given.
func (q *query) id(name string) ID {
	if !q.has(name) {
		return 0
	}
	n, err := strconv.ParseUint(q.text(name), 10, 63)
	if err != nil {
		q.add(name, "NUMBER_TYPE_COERCE", "Value \""+q.text(name)+"\" is not snowflake.")
	}
	return ID(n)
}

// ids are all values of an array parameter.
func (q *query) ids(name string, most int) []ID {
	var ids []ID
	for i, text := range q.c.URL.Query()[name] {
		n, err := strconv.ParseUint(text, 10, 63)
		if err != nil {
			q.add(name+"."+strconv.Itoa(i), "NUMBER_TYPE_COERCE", "Value \""+text+"\" is not snowflake.")
			continue
		}
		ids = append(ids, ID(n))
	}
	if len(ids) > most {
		q.add(name, "BASE_TYPE_MAX_LENGTH", "Must be "+strconv.Itoa(most)+" or fewer in length.")
	}
	return ids
}

// number is a whole number within bounds; preset when it is not given.
func (q *query) int(name string, preset, least, most int) int {
	if !q.has(name) {
		return preset
	}
	n, err := strconv.Atoi(q.text(name))
	if err != nil {
		q.add(name, "NUMBER_TYPE_COERCE", "Value \""+q.text(name)+"\" is not int.")
		return preset
	}
	q.number(name, n, least, most)
	return n
}

// bool is a boolean as Discord takes it in query strings (reference, "Boolean Query Strings").
func (q *query) bool(name string) bool {
	if !q.has(name) {
		return false
	}
	switch q.text(name) {
	case "true", "True", "1":
		return true
	case "false", "False", "0":
	default:
		q.add(name, "BOOLEAN_TYPE_CONVERT", "Must be either true or false.")
	}
	return false
}

// time is an ISO 8601 time; zero when it is not given.
func (q *query) time(name string) time.Time {
	if !q.has(name) {
		return time.Time{}
	}
	t, err := time.Parse(time.RFC3339Nano, q.text(name))
	if err != nil {
		q.add(name, "DATE_TIME_TYPE_PARSE", "Could not parse "+q.text(name)+". Should be ISO8601.")
	}
	return t
}
