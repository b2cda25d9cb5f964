package main

import (
	"crypto/hmac"
	"crypto/sha512"
	"fmt"
	"regexp"
	"strings"
)

var codeReasons = map[int]string{
	401: "the token is not accepted; check KEY_CLAIM_TOKEN (the token alone, without its label)",
	403: "the patient has already used a code; no new one is given for this CASE",
	404: "check SUBMISSION_URL",
	429: "too many requests; try again later",
}

// requestCode prints a one-time code.
//
// CASE is your own reference of one patient's test, any text. It makes the request repeatable: as long as the code is
// not used, asking again for the same CASE replaces it. The server sees only a keyed hash of it.
//
// Environment: SUBMISSION_URL, KEY_CLAIM_TOKEN, and with CASE also HASH_ID_KEY, a constant secret of your own.
func requestCode(arguments []string) {
	path := "/new-key-claim"
	if len(arguments) > 0 { // 128 characters that reveal nothing of the case without the key
		hash := hmac.New(sha512.New, []byte(setting("HASH_ID_KEY")))
		hash.Write([]byte(arguments[0]))
		path += fmt.Sprintf("/%x", hash.Sum(nil))
	}
	headers := map[string]string{"Authorization": "Bearer " + setting("KEY_CLAIM_TOKEN")}
	// Trying again does no harm: a code that is not used expires.
	status, body := send("POST", address("SUBMISSION_URL", path), nil, headers, true)
	reason, known := codeReasons[status]
	stopIf(known, "%d: %s", status, reason)
	stopIf(status != 200, "%d: the server has a problem; try again later", status)
	code := strings.TrimSpace(string(body))
	// Anything but ten characters, such as an error page of a proxy, must never be read out to a patient.
	stopIf(!regexp.MustCompile(`\A[A-Z0-9]{10}\z`).MatchString(code), "the server's answer is not a code")
	fmt.Println(code)
}
