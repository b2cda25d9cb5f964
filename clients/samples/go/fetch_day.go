package main

import (
	"archive/zip"
	"bytes"
	"crypto/ecdsa"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"regexp"
	"time"

	"google.golang.org/protobuf/proto"
)

const header = "EK Export v1    "

var dayReasons = map[int]string{
	401: "the address is not accepted; check RETRIEVE_HMAC_KEY and this machine's clock",
	404: "the day is not published yet, or RETRIEVAL_URL is wrong",
	410: "the day is too long ago",
}

// fetchDay fetches, verifies and reads the keys of a day.
//
// The day is a UTC day, today if none is given; the last 15 can be fetched. Prints one line for each key:
// key (hexadecimal), first interval (unix time / 600 s), number of intervals, transmission risk.
//
// Environment: RETRIEVAL_URL, RETRIEVE_HMAC_KEY (hexadecimal), EXPORT_PUBLIC_KEY (PEM, or the base64 inside it).
func fetchDay(arguments []string) {
	moment := time.Now()
	if len(arguments) > 0 {
		parsed, err := time.Parse("2006-01-02", arguments[0])
		stopIf(err != nil, "the day must be YYYY-MM-DD")
		moment = parsed
	}
	for _, key := range verified(download(moment.Unix() / 86_400)).GetKeys() {
		fmt.Printf("%x %d %d %d\n", key.GetKeyData(), key.GetRollingStartIntervalNumber(), key.GetRollingPeriod(),
			key.GetTransmissionRiskLevel())
	}
}

// download returns the zip file of a day. The MAC in its address covers the day and the hour, so it is made just before
// the request.
func download(number int64) []byte {
	key, err := hex.DecodeString(setting("RETRIEVE_HMAC_KEY"))
	stopIf(err != nil, "RETRIEVE_HMAC_KEY is not hexadecimal")
	hash := hmac.New(sha256.New, key)
	fmt.Fprintf(hash, "302:%05d:%d", number, time.Now().Unix()/3_600)
	path := fmt.Sprintf("/retrieve/302/%05d/%x", number, hash.Sum(nil))
	status, body := send("GET", address("RETRIEVAL_URL", path), nil, nil, true)
	reason, known := dayReasons[status]
	stopIf(known, "%d: %s", status, reason)
	stopIf(status != 200, "%d: the server has a problem; try again later", status)
	return body
}

func publicKey() *ecdsa.PublicKey {
	text := regexp.MustCompile(`-----.*-----|\s`).ReplaceAllString(setting("EXPORT_PUBLIC_KEY"), "")
	der, err := base64.StdEncoding.DecodeString(text)
	stopIf(err != nil, "EXPORT_PUBLIC_KEY is not a public key")
	parsed, err := x509.ParsePKIXPublicKey(der)
	key, isCurve := parsed.(*ecdsa.PublicKey)
	stopIf(err != nil || !isCurve, "EXPORT_PUBLIC_KEY is not a public key")
	return key
}

// verified returns the export once its signature is verified: never use keys that the server did not sign.
func verified(archive []byte) *TemporaryExposureKeyExport {
	key := publicKey()
	zipped, err := zip.NewReader(bytes.NewReader(archive), int64(len(archive)))
	stopIf(err != nil, "the archive is not genuine: it is not a zip file")
	export, signatures := file(zipped, "export.bin"), &TEKSignatureList{}
	err = proto.Unmarshal(file(zipped, "export.sig"), signatures)
	stopIf(err != nil || len(signatures.Signatures) != 1, "the archive is not genuine: it has no signature")
	digest := sha256.Sum256(export) // of the whole file, its header included; the signature is ASN.1 DER
	good := ecdsa.VerifyASN1(key, digest[:], signatures.Signatures[0].GetSignature())
	stopIf(!good || len(export) < len(header), "the archive is not genuine: the signature is wrong")
	message := &TemporaryExposureKeyExport{}
	stopIf(proto.Unmarshal(export[len(header):], message) != nil, "the archive is not genuine: it is not an export")
	return message
}

func file(zipped *zip.Reader, name string) []byte {
	opened, err := zipped.Open(name)
	stopIf(err != nil, "the archive is not genuine: it has no %s", name)
	content, err := io.ReadAll(opened)
	stopIf(err != nil, "the archive is not genuine: %v", err)
	return content
}
