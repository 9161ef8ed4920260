package lookalike_test

import (
	"testing"

	"troupe/entities/lookalike"
)

func TestLike(t *testing.T) {
	for _, pair := range []struct {
		trick, name, dressed string
	}{
		{"Cyrillic", "Admin", "Аdmіn"},
		{"all Cyrillic", "Capa", "Сара"},
		{"Cyrillic small letters", "Admin", "aдmіn"},
		{"Greek", "Nina", "Νινα"},
		{"fullwidth", "Admin", "Ａｄｍｉｎ"},
		{"mathematical", "Admin", "𝓐𝓭𝓶𝓲𝓷"},
		{"small capitals", "Moderator", "ᴍᴏᴅᴇʀᴀᴛᴏʀ"},
		{"circled", "Staff", "Ⓢⓣⓐⓕⓕ"},
		{"black circles", "Staff", "🅢🅣🅐🅕🅕"},
		{"Cherokee", "Admin", "ᎪᎠᎷᎥᏁ"},
		{"Canadian syllabics", "Admin", "ᗩᗪᗰᎥᑎ"},
		{"digits", "Moderator", "M0d3r4t0r"},
		{"spaced digits", "Admin", "4 d m 1 n"},
		{"l for I", "ADMIN", "ADMlN"},
		{"l for i", "Admin", "Admln"},
		{"rn for m", "Admin", "Adrnin"},
		{"vv for w", "Wanda", "VVanda"},
		{"marks", "Staff", "S̷t̷a̷f̷f̷"},
		{"accents", "Staff", "Štáff"},
		{"joined marks", "Admin", "A⃠dmin"},
		{"spaces", "Ada", "A d a"},
		{"dots and lines", "Ada Lovelace", "_Ada--Lovelace."},
		{"zero width", "Ada", "A\u200bd\u2060a"},
		{"bidi", "Ada", "\u202eAda\u202c"},
		{"tags", "Ada", "Ada\U000e0041"},
		{"variation selectors", "Ada", "A\ufe0fda"},
		{"strokes", "Moderator", "Møđerator"},
		{"signs", "Staff", "$taff"},
		{"signs within", "Admin", "Adm!n"},
		{"emoji around", "Staff", "✨ Staff ✨"},
		{"case", "Ηλίας", "ΗΛΙΑΣ"},
	} {
		t.Run(pair.trick, func(t *testing.T) {
			if !lookalike.ShapeOf(pair.dressed).Like(lookalike.ShapeOf(pair.name)) {
				t.Errorf("%q is not taken for %q: %+v, %+v", pair.dressed, pair.name, lookalike.ShapeOf(pair.dressed), lookalike.ShapeOf(pair.name))
			}
		})
	}
}

func TestUnlike(t *testing.T) {
	for _, pair := range [][2]string{
		{"Ada", "Adamina"},
		{"Ada", "Ada アダ"},
		{"Agents", "Agent 5"},
		{"Adal", "Ada 1"},
		{"Ada 1", "Ada 2"},
		{"Unit 10", "Unit 1"},
		{"राम", "रमा"},
		{"たいち", "だいち"},
		{"بدر", "ندر"},
		{"ป้า", "ปา"},
		{"ノア", "ア"},
		{"Нина", "Нона"},
		{"민지", "민서"},
		{"", "🌸"},
		{"美咲", "美月"},
	} {
		if lookalike.ShapeOf(pair[0]).Like(lookalike.ShapeOf(pair[1])) {
			t.Errorf("%q is taken for %q: %+v, %+v", pair[0], pair[1], lookalike.ShapeOf(pair[0]), lookalike.ShapeOf(pair[1]))
		}
	}
}

func TestSymbolsTellApart(t *testing.T) {
	ada, flower, star := lookalike.ShapeOf("Ada"), lookalike.ShapeOf("Ada 🌸"), lookalike.ShapeOf("Аda ⭐")
	if !flower.Like(ada) || flower.LikeWithSymbols(ada) || flower.LikeWithSymbols(star) {
		t.Error("emoji do not tell names apart as they should")
	}
	if !lookalike.ShapeOf("Аda 🌸").LikeWithSymbols(flower) || !lookalike.ShapeOf("🌸").LikeWithSymbols(lookalike.ShapeOf(" 🌸\ufe0f")) {
		t.Error("equal emoji tell names apart")
	}
}

func TestStrictly(t *testing.T) {
	for _, pair := range [][2]string{{"Alex", "AIex"}, {"Admin", "Adm1n"}, {"ADMIN", "ADMlN"}, {"Alex", "A1ex"}, {"Unit I", "Unit l"}, {"Ella", "ELLA"}} {
		if !lookalike.ShapeOf(pair[0]).LikeWithSymbols(lookalike.ShapeOf(pair[1])) {
			t.Errorf("%q and %q are not alike", pair[0], pair[1])
		}
	}
	for _, pair := range [][2]string{{"Unit I", "Unit L"}, {"Elia", "Ella"}, {"Unit 1", "Unit L"}, {"Ali", "All"}} {
		if lookalike.ShapeOf(pair[0]).LikeWithSymbols(lookalike.ShapeOf(pair[1])) {
			t.Errorf("%q and %q are alike", pair[0], pair[1])
		}
	}
}

func TestHides(t *testing.T) {
	discord := lookalike.ShapeOf("discord")
	for name, want := range map[string]bool{
		"Dіscord": true, "My Dіsc0rd Friend": true, "MyDіscordFriend": true, "D i s c o r d N i t r o": true, "d.i.s.c.o.r.d": true, "Dis-cord": false, "Cordis": false,
	} {
		if got := lookalike.ShapeOf(name).Hides(discord); got != want {
			t.Errorf("%q: %v", name, got)
		}
	}
	if lookalike.ShapeOf("Mac Lyde").Hides(lookalike.ShapeOf("clyde")) {
		t.Error("a word is seen across two")
	}
}

func TestSight(t *testing.T) {
	for _, pair := range [][2]string{{"Ada", "аdа"}, {"Ada", " ADA "}, {"Ada", "Ad\u200ba"}, {"Ada", "Ａｄａ"}, {"Josė", "Jos\u0117"}} {
		if lookalike.Sight(pair[0]) != lookalike.Sight(pair[1]) {
			t.Errorf("%q and %q do not look the same", pair[0], pair[1])
		}
	}
	for _, pair := range [][2]string{{"Elia", "Ella"}, {"Jose", "José"}, {"Ada", "Ada 🌸"}, {"Ada", "A d a"}} {
		if lookalike.Sight(pair[0]) == lookalike.Sight(pair[1]) {
			t.Errorf("%q and %q look the same", pair[0], pair[1])
		}
	}
}

// TestTable holds the committed table to what it says of itself.
func TestTable(t *testing.T) {
	for _, r := range "аеорсіԁΑΒΕІ１ｌ" {
		if s := lookalike.Sight(string(r)); s == string(r) {
			t.Errorf("%q stands for itself", r)
		}
	}
}
