// Request a one-time code:  go run request_code.go [CASE]
// CASE is your own reference of one patient's test, any text. It makes the request repeatable: as long as the code is
// not used, asking again for the same CASE replaces it. The server sees only a keyed hash of it.
//
// Environment: SUBMISSION_URL, KEY_CLAIM_TOKEN, and with CASE also HASH_ID_KEY, a secret of your own that never changes.
// Needs: Go 1.19, the standard library alone. Prints the code alone; exit status 0 a code, 1 none.
package main

import (
	"crypto/hmac"
	"crypto/sha512"
	"fmt"
	"io"
	"net/http"
	"os"
	"regexp"
	"strconv"
	"strings"
	"time"
)

var waits = []time.Duration{time.Second, 2 * time.Second, 4 * time.Second} // before the second, third and fourth try
var reasons = map[int]string{
	401: "the token is not accepted; check KEY_CLAIM_TOKEN (the token alone, without its label)",
	403: "the patient has already used a code; no new one is given for this CASE",
	404: "check SUBMISSION_URL",
	429: "too many requests; try again later",
}

func main() {
	url := strings.TrimSuffix(setting("SUBMISSION_URL"), "/") + "/new-key-claim"
	if len(os.Args) > 1 { // 128 characters that say nothing about the case to whoever lacks the key
		hash := hmac.New(sha512.New, []byte(setting("HASH_ID_KEY")))
		hash.Write([]byte(os.Args[1]))
		url += fmt.Sprintf("/%x", hash.Sum(nil))
	}
	answer, err := post(url)
	for _, wait := range waits { // trying again is harmless: a code that nobody reads expires unused
		if err == nil && answer.StatusCode != 429 && answer.StatusCode < 500 {
			break
		}
		if err == nil {
			if asked, none := strconv.Atoi(answer.Header.Get("Retry-After")); none == nil && asked <= 60 {
				wait = time.Duration(asked) * time.Second
			}
			answer.Body.Close()
		}
		time.Sleep(wait)
		answer, err = post(url)
	}
	stopIf(err != nil, "the server did not answer: %v", err)
	reason, known := reasons[answer.StatusCode]
	stopIf(known, "%d: %s", answer.StatusCode, reason)
	stopIf(answer.StatusCode != 200, "%d: the server has a problem; try again later", answer.StatusCode)
	body, err := io.ReadAll(io.LimitReader(answer.Body, 1024))
	code := strings.TrimSpace(string(body))
	// Anything but ten characters, such as an error page of a proxy, must never be read out to a patient.
	stopIf(err != nil || !regexp.MustCompile(`\A[A-Z0-9]{10}\z`).MatchString(code), "the server's answer is not a code")
	fmt.Println(code)
}

func post(url string) (*http.Response, error) {
	request, err := http.NewRequest("POST", url, nil)
	stopIf(err != nil, "SUBMISSION_URL: %v", err)
	request.Header.Set("Authorization", "Bearer "+setting("KEY_CLAIM_TOKEN"))
	return (&http.Client{Timeout: 30 * time.Second}).Do(request)
}

func setting(name string) string {
	stopIf(os.Getenv(name) == "", "%s is not set", name)
	return os.Getenv(name)
}

func stopIf(condition bool, format string, values ...any) {
	if condition {
		fmt.Fprintf(os.Stderr, "request_code: "+format+"\n", values...)
		os.Exit(1)
	}
}
