package entities

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"strings"
	"time"
)

// The other secrets begin as keys do, so that scanners find them; keyID takes none of them.
const (
	refreshPrefix = keyPrefix + "refresh_"
	codePrefix    = keyPrefix + "code_"
	clientPrefix  = keyPrefix + "client_"
)

// Tokens are what an OAuth client gets. They are kept as hashes only.
type Tokens struct {
	Access   string
	Refresh  string
	Life     time.Duration // of the access token, from now on
	Resource string        // the address that they are for, as the client gave it
}

// newToken makes a secret of 256 bits with a checksum.
func (r *Registry) newToken(prefix string) (string, error) {
	secret, err := r.randomLetters(secretBytes)
	if err != nil {
		return "", err
	}
	return sealed(prefix + secret), nil
}

func sealed(s string) string { return s + checksum(s) }

// isToken says whether something was ever given out with a prefix, without a look at the database.
func isToken(token, prefix string) bool {
	check := len(checksum(""))
	if len(token) != len(prefix)+letters.EncodedLen(secretBytes)+check || !strings.HasPrefix(token, prefix) {
		return false
	}
	return sealed(token[:len(token)-check]) == token
}

// hashOf is a token as it is kept where it is looked up by it.
func hashOf(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}

func inAlphabet(s string) bool { return strings.Trim(s, alphabet) == "" }

// derived makes the tokens that follow on another. Neither who has the earlier token nor who
// reads the database can make them: it takes both. So the same ones can be given twice, and are
// not kept.
func derived(credential, earlier string, nonce []byte) (access, refresh string) {
	part := func(what string) string {
		mac := hmac.New(sha256.New, []byte(earlier))
		mac.Write([]byte(what))
		mac.Write(nonce)
		return letters.EncodeToString(mac.Sum(nil))
	}
	return sealed(keyPrefix + credential + "_" + part("access")), sealed(refreshPrefix + part("refresh"))
}

func (r *Registry) newNonce() ([]byte, error) {
	nonce := make([]byte, secretBytes)
	_, err := io.ReadFull(r.random, nonce)
	return nonce, err
}
