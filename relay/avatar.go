package relay

import (
	"net/http"
	"regexp"

	"troupe/entities"
)

var avatarFile = regexp.MustCompile(`^/avatars/([0-9a-f]{64})\.png$`)

// ServeAvatar answers GET /avatars/HASH.png. Pictures are public and never change under
// their hash.
func (r *Relay) ServeAvatar(w http.ResponseWriter, req *http.Request) {
	header := w.Header()
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Content-Security-Policy", "default-src 'none'; sandbox")
	header.Set("Referrer-Policy", "no-referrer")
	if req.Method != http.MethodGet && req.Method != http.MethodHead {
		header.Set("Allow", "GET, HEAD")
		http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
		return
	}
	match := avatarFile.FindStringSubmatch(req.URL.Path)
	if match == nil {
		http.Error(w, "not found", http.StatusNotFound)
		return
	}
	picture, err := r.registry.Picture(req.Context(), entities.System("avatars"), match[1])
	switch {
	case entities.IsRefusal(err, entities.NotFound):
		http.Error(w, "not found", http.StatusNotFound)
		return
	case err != nil:
		r.log.Error("read an avatar", "err", err)
		http.Error(w, "something broke on our side", http.StatusInternalServerError)
		return
	}
	header.Set("Content-Type", "image/png")
	header.Set("Content-Disposition", "inline")
	header.Set("Cache-Control", "public, max-age=31536000, immutable")
	if _, err := w.Write(picture); err != nil { //nolint:gosec // a PNG of our own making, with its type fixed and nosniff
		r.log.Debug("send an avatar", "err", err)
	}
}
