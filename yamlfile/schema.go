package yamlfile

// Schema is a JSON Schema of draft 2020-12, as JSON would decode it.
type Schema map[string]any

// Describe returns the JSON Schema of a file whose fields read reads. It calls read
// with a reader that reads nothing: every field describes itself instead of taking
// a value, so that what is described is what is read. read gets nil for a node and
// must not look at values while Describing.
func Describe(title string, read func(r *Reader)) Schema {
	r := NewReader("")
	s := r.describe(func() { read(r) })
	s["$schema"], s["title"] = "https://json-schema.org/draft/2020-12/schema", title
	return s
}

// Describing says that fields are described and there are no values.
func (r *Reader) Describing() bool { return r.schema != nil }

// describe returns what one field says of itself.
func (r *Reader) describe(field func()) Schema {
	outer := r.schema
	defer func() { r.schema = outer }()
	r.schema = Schema{}
	field()
	return r.schema
}
