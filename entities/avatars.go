package entities

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"image"
	_ "image/gif"  // what people upload
	_ "image/jpeg" // what people upload
	"image/png"

	"golang.org/x/image/draw"
	_ "golang.org/x/image/webp" // what people upload
	"gorm.io/gorm"
	"gorm.io/gorm/clause"
)

// Bounds of a picture. A small file can claim a huge picture, so the claim is read before
// anything is decoded.
const (
	MaxUpload   = 2 << 20 // bytes of a picture as uploaded
	maxSide     = 4096
	maxPixels   = 16_000_000
	avatarSide  = 512
	maxPNG      = 1_000_000 // Discord shows avatars reliably below 1 MB
	maxDecoding = 1
)

// Avatar is a picture of ours: a square PNG of at most 512 pixels a side and 1 MB, found by
// the hash of its bytes.
type Avatar struct {
	Hash string // SHA-256, in hex
	PNG  []byte
}

// NewAvatar reads a PNG, JPEG, GIF (its first frame) or WebP within bounds, crops it to a
// square and encodes it anew, so that nothing but the picture remains.
func NewAvatar(data []byte) (Avatar, error) {
	if len(data) > MaxUpload {
		return Avatar{}, Refuse(Invalid, "The picture is larger than %d MiB. Choose a smaller one.", MaxUpload>>20)
	}
	claim, _, err := image.DecodeConfig(bytes.NewReader(data))
	if err != nil {
		return Avatar{}, Refuse(Invalid, "This is not a picture that can be read. Choose a PNG, JPEG, GIF or WebP.")
	}
	if claim.Width < 1 || claim.Height < 1 || claim.Width > maxSide || claim.Height > maxSide || claim.Width*claim.Height > maxPixels {
		return Avatar{}, Refuse(Invalid, "The picture is %d × %d pixels; at most %d × %d and %d megapixels are taken.", claim.Width, claim.Height, maxSide, maxSide, maxPixels/1_000_000)
	}
	picture, _, err := image.Decode(bytes.NewReader(data))
	if err != nil {
		return Avatar{}, Refuse(Invalid, "The picture is damaged. Choose another one.")
	}
	for side := avatarSide; side >= 64; side = side * 3 / 4 {
		encoded, err := square(picture, side)
		if err != nil {
			return Avatar{}, err
		}
		if len(encoded) < maxPNG {
			sum := sha256.Sum256(encoded)
			return Avatar{Hash: hex.EncodeToString(sum[:]), PNG: encoded}, nil
		}
	}
	return Avatar{}, Refuse(Invalid, "The picture cannot be made small enough. Choose a simpler one.")
}

// square crops the middle of a picture and scales it down to side pixels at most.
func square(picture image.Image, side int) ([]byte, error) {
	b := picture.Bounds()
	crop := min(b.Dx(), b.Dy())
	from := image.Rect(0, 0, crop, crop).Add(b.Min).Add(image.Pt((b.Dx()-crop)/2, (b.Dy()-crop)/2))
	to := image.NewNRGBA(image.Rect(0, 0, min(side, crop), min(side, crop)))
	draw.CatmullRom.Scale(to, to.Bounds(), picture, from, draw.Src, nil)
	var buf bytes.Buffer
	if err := png.Encode(&buf, to); err != nil {
		return nil, fmt.Errorf("encode the avatar: %w", err)
	}
	return buf.Bytes(), nil
}

// DecodeAvatar is [NewAvatar], one at a time for the whole instance: a decoded picture takes
// many times the memory of its file. It is given only to people who may do something with it:
// who may create entities, or who own one.
func (r *Registry) DecodeAvatar(ctx context.Context, actor Actor, data []byte) (Avatar, error) {
	m, err := r.pass(ctx, actor, actMine, "")
	if err != nil {
		return Avatar{}, err
	}
	if !m.creates() && len(r.roster.of(actor.user)) == 0 {
		return Avatar{}, r.noted(ctx, m, "", Refuse(NotAllowed, "Only people who may create entities here, or who own one, can upload a picture."))
	}
	select {
	case r.decoding <- struct{}{}:
		defer func() { <-r.decoding }()
		return NewAvatar(data)
	case <-ctx.Done():
		return Avatar{}, fmt.Errorf("wait to decode a picture: %w", context.Cause(ctx))
	}
}

func savePicture(tx *gorm.DB, a Avatar) error {
	if err := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&Picture{Hash: a.Hash, PNG: a.PNG}).Error; err != nil {
		return fmt.Errorf("save the picture: %w", err)
	}
	return nil
}

// dropUnusedPictures deletes pictures that nothing shows any more.
func dropUnusedPictures(tx *gorm.DB, hashes ...string) error {
	for _, hash := range hashes {
		err := tx.Where("hash = ? AND hash NOT IN (SELECT avatar FROM entities) AND hash NOT IN (SELECT avatar FROM presences)", hash).Delete(&Picture{}).Error
		if err != nil {
			return fmt.Errorf("forget a picture: %w", err)
		}
	}
	return nil
}

// Picture gives the PNG with this hash. Pictures are public to whoever knows their hash.
func (r *Registry) Picture(ctx context.Context, actor Actor, hash string) ([]byte, error) {
	if _, err := r.pass(ctx, actor, actServe, ""); err != nil {
		return nil, err
	}
	var picture Picture
	err := r.db.reader.WithContext(ctx).Take(&picture, "hash = ?", hash).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return nil, Refuse(NotFound, "There is no such picture.")
	}
	if err != nil {
		return nil, fmt.Errorf("read the picture: %w", err)
	}
	return picture.PNG, nil
}
