package sandbox_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"image"
	imagepng "image/png"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"troupe/relay/sandbox"
)

func (s *stage) get(address string) answer {
	s.t.Helper()
	r, err := http.NewRequestWithContext(s.t.Context(), "GET", address, nil)
	s.must(err)
	return s.send(r)
}

func TestAttachmentURLs(t *testing.T) {
	s := newStage(t)
	var picture bytes.Buffer
	s.must(imagepng.Encode(&picture, image.NewGray(image.Rect(0, 0, 3, 2))))
	said, err := s.Say(s.sam, s.channel, "look", sandbox.WithFile("my face.png", "", picture.Bytes()))
	s.must(err)
	a := said.Attachments[0]
	if a.Filename != "my_face.png" || a.Title != "my face" || a.ContentType != "image/png" || a.Size != picture.Len() || *a.Width != 3 || *a.Height != 2 {
		t.Errorf("got %+v", a)
	}
	host := strings.TrimSuffix(s.APIURL(), "/api/v10")
	if !strings.HasPrefix(a.URL, fmt.Sprintf("%s/attachments/%s/%s/my_face.png?ex=", host, s.channel, a.ID)) {
		t.Errorf("url %s", a.URL)
	}
	if got := s.want(200, s.get(a.URL)); !bytes.Equal(got.Body, picture.Bytes()) {
		t.Error("other bytes came back")
	}
	signed, err := url.Parse(a.URL)
	s.must(err)
	for name, change := range map[string]func(q url.Values){
		"no signature":       func(q url.Values) { q.Del("hm") },
		"a wrong signature":  func(q url.Values) { q.Set("hm", strings.Repeat("0", 64)) },
		"a later expiry":     func(q url.Values) { q.Set("ex", "ffffffff") },
		"another issue time": func(q url.Values) { q.Set("is", "1") },
		"no query":           func(q url.Values) { clear(q) },
	} {
		changed, query := *signed, signed.Query()
		change(query)
		changed.RawQuery = query.Encode()
		if got := s.get(changed.String()); got.Status != 404 {
			t.Errorf("%s: %s", name, got)
		}
	}
	if got := s.get(strings.Replace(a.URL, "my_face", "other", 1)); got.Status != 404 {
		t.Errorf("another name: %s", got)
	}

	s.clock.turn(25 * time.Hour)
	if got := s.get(a.URL); got.Status != 404 {
		t.Errorf("after a day: %s", got)
	}
	var fresh struct{ Attachments []sandbox.Attachment }
	s.must(json.Unmarshal(s.want(200, s.call("GET", fmt.Sprintf("/channels/%s/messages/%s", s.channel, said.ID), nil)).Body, &fresh))
	s.want(200, s.get(fresh.Attachments[0].URL))
}

// upload posts a message with files as the bot.
func (s *stage) upload(method, path, payload string, files map[string][]byte) answer {
	s.t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	s.must(form.WriteField("payload_json", payload))
	n := 0
	for name, data := range files {
		part, err := form.CreateFormFile(fmt.Sprintf("files[%d]", n), name)
		s.must(err)
		_, err = part.Write(data)
		s.must(err)
		n++
	}
	s.must(form.Close())
	r, err := http.NewRequestWithContext(s.t.Context(), method, s.APIURL()+path, &body)
	s.must(err)
	r.Header.Set("Content-Type", form.FormDataContentType())
	r.Header.Set("Authorization", "Bot "+s.Token())
	return s.send(r)
}

func TestBotUploads(t *testing.T) {
	s := newStage(t).register()
	path := "/channels/" + s.channel.String() + "/messages"
	made := s.want(200, s.upload("POST", path, `{"content":"a","attachments":[{"id":"0","description":"words"}]}`, map[string][]byte{"a.txt": []byte("hello")}))
	var m sandbox.Message
	s.must(json.Unmarshal(made.Body, &m))
	if got := s.want(200, s.get(m.Attachments[0].URL)); string(got.Body) != "hello" || m.Attachments[0].Description != "words" {
		t.Errorf("got %s for %+v", got, m.Attachments)
	}
	kept := s.want(200, s.upload("PATCH", path+"/"+m.ID.String(), `{"attachments":[{"id":"`+m.Attachments[0].ID.String()+`"},{"id":"0"}]}`, map[string][]byte{"b.txt": []byte("b")}))
	if !strings.Contains(string(kept.Body), `"a.txt"`) || !strings.Contains(string(kept.Body), `"b.txt"`) {
		t.Errorf("kept and added: %s", kept)
	}
	if a := s.upload("POST", path, `{"content":"a","attachments":[{"id":"7"}]}`, map[string][]byte{"a.txt": []byte("x")}); !a.says(400, 50035, "ATTACHMENT_NOT_FOUND") {
		t.Errorf("an attachment that is not there: %s", a)
	}
	if a := s.upload("POST", path, `{"content":"a"}`, map[string][]byte{"a.bin": make([]byte, sandbox.AttachmentLimit+1)}); !a.says(413, 40005, "") {
		t.Errorf("too large: %s", a)
	}

	it := s.slash("/ping", nil)
	a := s.upload("POST", "/interactions/"+it.ID.String()+"/"+it.Token+"/callback",
		`{"type":4,"data":{"flags":32768,"components":[{"type":13,"file":{"url":"attachment://log.txt"}}],"attachments":[{"id":"0"}]}}`, map[string][]byte{"log.txt": []byte("log")})
	s.want(204, a)
	if r := it.Reply(); !strings.Contains(string(r.Components), `/log.txt?ex=`) || !strings.Contains(string(r.Components), `"size":3`) {
		t.Errorf("components %s", r.Components)
	}
}
