package sandbox

import (
	"bytes"
	"cmp"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"image"
	_ "image/gif"  // sizes of uploaded pictures
	_ "image/jpeg" // sizes of uploaded pictures
	_ "image/png"  // sizes of uploaded pictures
	"maps"
	"mime"
	"net/http"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// File is a file as people attach it to messages, slash commands and modals.
type File struct {
	Name        string
	ContentType string // empty: what the name's ending says
	Data        []byte
}

// AttachmentLimit is the largest file that the stand-in takes, in bytes: Discord's limit
// for accounts without boosts.
const AttachmentLimit = 10 << 20

// mostFiles is how many files a message may have.
const mostFiles = 10

// signatureLife is how long the signed URL of an attachment works.
const signatureLife = 24 * time.Hour

// cdnState keeps the files that were uploaded.
type cdnState struct {
	key   []byte
	files map[ID]*storedFile
}

type storedFile struct {
	path        string
	contentType string
	data        []byte
	made        time.Time
}

func newCDNState() cdnState {
	return cdnState{key: []byte(randomText(32)), files: map[ID]*storedFile{}}
}

// attachmentForm is one entry of a message form's attachments.
type attachmentForm struct {
	ID          ID      `json:"id"`
	Filename    string  `json:"filename"`
	Title       string  `json:"title"`
	Description *string `json:"description"`
}

// keepFiles stores a message's uploads and gives the attachments to show: kept ones of
// before whose ids are in forms, then the new ones (forms' ids are the n of files[n]).
// Callers hold Discord.mu.
func (d *Discord) keepFiles(channel ID, before []Attachment, forms []attachmentForm, files map[int]upload) ([]Attachment, error) {
	for _, file := range files {
		if len(file.data) > AttachmentLimit {
			return nil, fail(http.StatusRequestEntityTooLarge, 40005, "Request entity too large")
		}
	}
	kept, described := []Attachment{}, map[int]attachmentForm{}
	for i, entry := range forms {
		old := slices.IndexFunc(before, func(a Attachment) bool { return a.ID == entry.ID })
		n, err := strconv.Atoi(entry.ID.String())
		_, uploaded := files[n]
		switch {
		case old >= 0:
			kept = append(kept, describe(before[old], entry))
		case err == nil && uploaded:
			described[n] = entry
		default:
			return nil, invalid("attachments."+strconv.Itoa(i)+".id", "ATTACHMENT_NOT_FOUND", "Attachment "+entry.ID.String()+" could not be found")
		}
	}
	if len(kept)+len(files) > mostFiles {
		return nil, fail(http.StatusBadRequest, 30015, "Maximum number of attachments in a message reached (10)")
	}
	for _, n := range slices.Sorted(maps.Keys(files)) {
		name := cmp.Or(described[n].Filename, files[n].name)
		made := d.storeAttachment("attachments", channel, File{name, files[n].contentType, files[n].data})
		kept = append(kept, describe(made, described[n]))
	}
	return kept, nil
}

func describe(a Attachment, entry attachmentForm) Attachment {
	a.Title = cmp.Or(entry.Title, a.Title)
	if entry.Description != nil {
		a.Description = *entry.Description
	}
	return a
}

// storeAttachment keeps a file under /PLACE/owner/id/name, where place is "attachments" or
// "ephemeral-attachments", and gives it with a URL that is signed from now on. Callers
// hold Discord.mu.
func (d *Discord) storeAttachment(place string, owner ID, file File) Attachment {
	name := fileName(file.Name)
	a := Attachment{
		ID: d.newID(), Filename: name, Size: len(file.Data), ContentType: contentType(name, file),
		Ephemeral: place != "attachments",
	}
	if stem := strings.TrimSuffix(file.Name, path.Ext(file.Name)); name != file.Name && stem != "" {
		a.Title = stem
	}
	if size, _, err := image.DecodeConfig(bytes.NewReader(file.Data)); err == nil {
		a.Width, a.Height = &size.Width, &size.Height
	}
	d.state.interactions.cdn.files[a.ID] = &storedFile{
		path:        fmt.Sprintf("/%s/%s/%s/%s", place, owner, a.ID, name),
		contentType: a.ContentType, data: slices.Clone(file.Data), made: d.now(),
	}
	return d.sign([]Attachment{a})[0]
}

// sign renews the URLs of attachments, as Discord does each time it shows them. Callers
// hold Discord.mu.
func (d *Discord) sign(list []Attachment) []Attachment {
	signed := slices.Clone(list)
	for i := range signed {
		file := d.state.interactions.cdn.files[signed[i].ID]
		if file == nil {
			continue // not of this stand-in's own making
		}
		issued := strconv.FormatInt(d.now().Unix(), 16)
		expires := strconv.FormatInt(d.now().Add(signatureLife).Unix(), 16)
		signed[i].URL = fmt.Sprintf("http://%s%s?ex=%s&is=%s&hm=%s&", d.listen.Addr(), file.path, expires, issued, d.signature(file.path, expires, issued))
		signed[i].ProxyURL = signed[i].URL
	}
	return signed
}

func (d *Discord) signature(path, expires, issued string) string {
	mac := hmac.New(sha256.New, d.state.interactions.cdn.key)
	_, _ = mac.Write([]byte(path + "\n" + expires + "\n" + issued)) // never fails
	return hex.EncodeToString(mac.Sum(nil))
}

var unsafeInNames = regexp.MustCompile(`[^A-Za-z0-9._-]+`)

// fileName is a file's name as Discord keeps it: without blanks and special characters.
func fileName(name string) string {
	name = strings.Trim(unsafeInNames.ReplaceAllString(path.Base(strings.ReplaceAll(name, `\`, "/")), "_"), ".")
	if name == "" || strings.Trim(name, "_") == "" {
		return "unknown"
	}
	return name
}

func contentType(name string, file File) string {
	byName := map[string]string{
		".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".gif": "image/gif", ".webp": "image/webp",
		".txt": "text/plain; charset=utf-8", ".json": "application/json; charset=utf-8", ".svg": "image/svg+xml",
	}[strings.ToLower(path.Ext(name))]
	return cmp.Or(byName, mime.TypeByExtension(path.Ext(name)), file.ContentType, http.DetectContentType(file.Data))
}

// isCDN says whether a path of the stand-in's host is one of its CDN.
func isCDN(path string) bool {
	return strings.HasPrefix(path, "/attachments/") || strings.HasPrefix(path, "/ephemeral-attachments/")
}

// serveCDN answers for attachments. As on Discord, only a signed URL that has not expired works.
func (d *Discord) serveCDN(w http.ResponseWriter, r *http.Request) {
	file := d.signedFile(r)
	if file == nil {
		http.Error(w, "This content is no longer available.", http.StatusNotFound)
		return
	}
	w.Header().Set("Content-Type", file.contentType)
	http.ServeContent(w, r, "", file.made, bytes.NewReader(file.data))
}

func (d *Discord) signedFile(r *http.Request) *storedFile {
	steps := strings.Split(r.URL.Path, "/")
	if len(steps) != 5 {
		return nil
	}
	expires, issued := r.URL.Query().Get("ex"), r.URL.Query().Get("is")
	until, err := strconv.ParseInt(expires, 16, 64)
	if err != nil {
		return nil
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	file := d.state.interactions.cdn.files[parseID(steps[3])]
	switch {
	case file == nil || file.path != r.URL.Path:
		return nil
	case !hmac.Equal([]byte(d.signature(file.path, expires, issued)), []byte(r.URL.Query().Get("hm"))):
		return nil
	case d.now().Unix() > until:
		return nil
	}
	return file
}
