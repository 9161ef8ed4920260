package entities_test

import (
	"bytes"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"math/rand/v2"
	"runtime"
	"testing"

	"troupe/entities"
)

func encode(t testing.TB, write func(*bytes.Buffer) error) []byte {
	t.Helper()
	var buf bytes.Buffer
	if err := write(&buf); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

func noise(w, h int) image.Image {
	img := image.NewNRGBA(image.Rect(0, 0, w, h))
	random := rand.New(rand.NewPCG(1, 2))
	for i := range img.Pix {
		img.Pix[i] = byte(random.Uint32())
	}
	return img
}

func TestNewAvatar(t *testing.T) {
	wide := noise(900, 600)
	for name, data := range map[string][]byte{
		"png":  encode(t, func(b *bytes.Buffer) error { return png.Encode(b, noise(500, 400)) }),
		"jpeg": encode(t, func(b *bytes.Buffer) error { return jpeg.Encode(b, wide, nil) }),
		"gif": encode(t, func(b *bytes.Buffer) error {
			frame := image.NewPaletted(image.Rect(0, 0, 64, 64), color.Palette{color.Black, color.White})
			return gif.EncodeAll(b, &gif.GIF{Image: []*image.Paletted{frame, frame}, Delay: []int{1, 1}})
		}),
	} {
		t.Run(name, func(t *testing.T) {
			avatar, err := entities.NewAvatar(data)
			if err != nil {
				t.Fatal(err)
			}
			picture, format, err := image.Decode(bytes.NewReader(avatar.PNG))
			if err != nil || format != "png" {
				t.Fatalf("%s, %v", format, err)
			}
			b := picture.Bounds()
			if b.Dx() != b.Dy() || b.Dx() > 512 || len(avatar.PNG) >= 1_000_000 || len(avatar.Hash) != 64 {
				t.Errorf("%v, %d bytes, hash %q", b, len(avatar.PNG), avatar.Hash)
			}
			if again, err := entities.NewAvatar(data); err != nil || again.Hash != avatar.Hash {
				t.Errorf("the same picture has another hash: %v", err)
			}
		})
	}
}

func TestRefusedPictures(t *testing.T) {
	bomb := encode(t, func(b *bytes.Buffer) error {
		return (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(b, image.NewGray(image.Rect(0, 0, 16000, 16000)))
	})
	if len(bomb) > entities.MaxUpload {
		t.Fatalf("the bomb has %d bytes and would be refused for its size", len(bomb))
	}
	good := encode(t, func(b *bytes.Buffer) error { return png.Encode(b, noise(64, 64)) })
	for name, data := range map[string][]byte{
		"nothing": nil, "text": []byte("<html>hello</html>"), "cut": good[:len(good)/2], "too large": make([]byte, entities.MaxUpload+1), "a bomb": bomb,
		"svg": []byte(`<svg xmlns="http://www.w3.org/2000/svg"/>`),
	} {
		t.Run(name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, err := entities.NewAvatar(data)
			runtime.ReadMemStats(&after)
			wantRefusal(t, err, entities.Invalid)
			if grown := after.TotalAlloc - before.TotalAlloc; grown > 8<<20 {
				t.Errorf("refusing it took %d MiB", grown>>20)
			}
		})
	}
}

func FuzzNewAvatar(f *testing.F) {
	f.Add(encode(f, func(b *bytes.Buffer) error { return png.Encode(b, noise(8, 8)) }))
	f.Add(encode(f, func(b *bytes.Buffer) error { return jpeg.Encode(b, noise(8, 8), nil) }))
	f.Add([]byte("GIF89a"))
	f.Add([]byte("RIFF\x00\x00\x00\x00WEBPVP8L"))
	f.Fuzz(func(t *testing.T, data []byte) {
		avatar, err := entities.NewAvatar(data)
		if err != nil {
			if _, ok := entities.AsRefusal(err); !ok {
				t.Errorf("not a refusal: %v", err)
			}
			return
		}
		if _, err := png.Decode(bytes.NewReader(avatar.PNG)); err != nil {
			t.Error(err)
		}
	})
}

func TestPictures(t *testing.T) {
	reg := fresh(t)
	avatar, err := reg.DecodeAvatar(t.Context(), admin(olivia), encode(t, func(b *bytes.Buffer) error { return png.Encode(b, noise(64, 64)) }))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"Ada", "Bob"} { // one picture, two entities
		if _, err := reg.Create(t.Context(), admin(olivia), entities.NewEntity{Name: name, Avatar: &avatar, Here: chosen(general)[0]}); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := reg.Picture(t.Context(), program, avatar.Hash); err != nil || !bytes.Equal(got, avatar.PNG) {
		t.Errorf("%d bytes, %v", len(got), err)
	}
	_, err = reg.Picture(t.Context(), program, "nothing")
	wantRefusal(t, err, entities.NotFound)
}
