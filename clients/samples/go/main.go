// The samples in Go, one program:
//
//	exposure request-code [CASE]        exposure claim-and-upload CODE        exposure fetch-day [YYYY-MM-DD]
//
// This file has the settings, and a request that survives a short failure of the network or the server.
package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strconv"
	"strings"
	"time"

	"golang.org/x/text/unicode/norm"
)

var waits = []time.Duration{time.Second, 2 * time.Second, 4 * time.Second} // before the second, third and fourth try
var temporary = map[int]bool{429: true, 500: true, 502: true, 503: true, 504: true}
var invisible = regexp.MustCompile(`[\p{Z}\p{Cc}\p{Cf}\p{Pd}\x{2212}]`)

func main() {
	commands := map[string]func([]string){
		"request-code": requestCode, "claim-and-upload": claimAndUpload, "fetch-day": fetchDay,
	}
	if len(os.Args) > 1 && commands[os.Args[1]] != nil {
		commands[os.Args[1]](os.Args[2:])
		return
	}
	stop("usage: exposure request-code [CASE] | claim-and-upload CODE | fetch-day [YYYY-MM-DD]")
}

// send returns the status and the body of an answer. A network error and a temporary status are followed by up to three
// more tries if `again`, after as long as Retry-After says (a minute at most).
func send(method, address string, body []byte, headers map[string]string, again bool) (int, []byte) {
	for try := 0; ; try++ {
		status, answer, retryAfter, err := sendOnce(method, address, body, headers)
		last := !again || try == len(waits)
		if err == nil && (last || !temporary[status]) {
			return status, answer
		}
		stopIf(last, "the server did not answer: %v", err)
		wait := waits[min(try, len(waits)-1)]
		if asked, none := strconv.Atoi(retryAfter); err == nil && none == nil && asked >= 0 {
			wait = time.Duration(min(asked, 60)) * time.Second
		}
		time.Sleep(wait)
	}
}

func sendOnce(method, address string, body []byte, headers map[string]string) (int, []byte, string, error) {
	request, err := http.NewRequest(method, address, bytes.NewReader(body))
	if err != nil {
		return 0, nil, "", errors.New("the address is not valid")
	}
	for name, value := range headers {
		request.Header.Set(name, value)
	}
	// An answer begins within 30 seconds; a large archive may then take minutes.
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.ResponseHeaderTimeout = 30 * time.Second
	redirect := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	client := http.Client{Transport: transport, Timeout: 10 * time.Minute, CheckRedirect: redirect}
	defer client.CloseIdleConnections()
	answer, err := client.Do(request)
	if err != nil {
		var wrapped *url.Error // its text has the whole address, with the MAC
		if errors.As(err, &wrapped) {
			err = wrapped.Err
		}
		return 0, nil, "", err
	}
	defer answer.Body.Close()
	content, err := io.ReadAll(answer.Body)
	return answer.StatusCode, content, answer.Header.Get("Retry-After"), err
}

func address(name, path string) string { return strings.TrimSuffix(setting(name), "/") + path }

// codeOf returns a one-time code without the spaces, dashes and invisible characters of a paste. Look-alikes stay.
func codeOf(text string) string { return invisible.ReplaceAllString(norm.NFKC.String(text), "") }

func setting(name string) string {
	stopIf(os.Getenv(name) == "", "%s is not set", name)
	return os.Getenv(name)
}

func stopIf(condition bool, format string, values ...any) {
	if condition {
		stop(format, values...)
	}
}

func stop(format string, values ...any) {
	fmt.Fprintf(os.Stderr, format+"\n", values...)
	os.Exit(1)
}

func min(one, other int) int {
	if one < other {
		return one
	}
	return other
}
