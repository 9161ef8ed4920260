package entities_test

import (
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"os"
	"strings"
	"testing"
)

// contextOnly imports the package context as it is and all others empty: of other packages no
// type matters here.
type contextOnly struct{ std types.Importer }

func (i contextOnly) Import(path string) (*types.Package, error) {
	if path == "context" {
		return i.std.Import(path)
	}
	name := path[strings.LastIndex(path, "/")+1:]
	empty := types.NewPackage(path, name)
	empty.MarkComplete()
	return empty, nil
}

// source type-checks the package under test, without its tests.
func source(t *testing.T) *types.Package {
	t.Helper()
	set := token.NewFileSet()
	names, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	var files []*ast.File
	for _, name := range names {
		if !strings.HasSuffix(name.Name(), ".go") || strings.HasSuffix(name.Name(), "_test.go") {
			continue
		}
		file, err := parser.ParseFile(set, name.Name(), nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, file)
	}
	config := types.Config{
		Importer: contextOnly{importer.ForCompiler(set, "source", nil)}, IgnoreFuncBodies: true,
		Error: func(error) {}, // of what the empty packages lack
	}
	checked, _ := config.Check("troupe/entities", set, files, nil)
	if checked == nil || checked.Scope().Lookup("Registry") == nil {
		t.Fatal("the package could not be read")
	}
	return checked
}

// exported lists the registry's exported methods.
func exported(t *testing.T) map[string]*types.Signature {
	t.Helper()
	registry, ok := source(t).Scope().Lookup("Registry").Type().(*types.Named)
	if !ok {
		t.Fatal("Registry is no type")
	}
	methods := map[string]*types.Signature{}
	for method := range registry.Methods() {
		if method.Exported() {
			methods[method.Name()] = method.Signature()
		}
	}
	if len(methods) < 50 {
		t.Fatalf("only %d methods were found", len(methods))
	}
	return methods
}
