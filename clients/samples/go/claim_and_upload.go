package main

import (
	"crypto/rand"
	"fmt"
	"time"

	"golang.org/x/crypto/curve25519"
	"golang.org/x/crypto/nacl/box"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"
)

const day = 144 // intervals of 10 minutes

// claimAndUpload claims a one-time code and uploads keys.
//
// The keys are invented, one for each of the last 14 days: an app sends those of its phone.
//
// Environment: SUBMISSION_URL.
func claimAndUpload(arguments []string) {
	stopIf(len(arguments) != 1, "usage: exposure claim-and-upload CODE")
	publicKey, privateKey, err := box.GenerateKey(rand.Reader)
	stopIf(err != nil, "no randomness: %v", err)
	upload(publicKey, privateKey, claim(codeOf(arguments[0]), publicKey))
	fmt.Println("14 keys accepted")
}

// claim returns the server's public key. A code can be claimed once, so a lost answer needs a new code: no other try.
func claim(code string, publicKey *[32]byte) []byte {
	answer := &KeyClaimResponse{}
	status := post("/claim-key", &KeyClaimRequest{OneTimeCode: &code, AppPublicKey: publicKey[:]}, answer, false)
	switch answer.GetError() {
	case KeyClaimResponse_TEMPORARY_BAN: // status 429, after too many wrong codes
		stop("too many wrong codes: try again in %d minutes", answer.GetRemainingBanDuration().GetSeconds()/60+1)
	case KeyClaimResponse_INVALID_ONE_TIME_CODE: // status 401
		stop("the code is wrong, used or older than a day; %d tries left", answer.GetTriesRemaining())
	}
	bad := status != 200 || answer.GetError() != KeyClaimResponse_NONE || len(answer.GetServerPublicKey()) != 32
	stopIf(bad, "the code was not accepted: %d, error %v", status, answer.GetError())
	return answer.GetServerPublicKey()
}

// upload sends keys. The server skips those it has, so trying again after a lost answer does no harm.
func upload(publicKey, privateKey *[32]byte, serverKey []byte) {
	today := int32(time.Now().Unix()/600/day) * day
	plain := &Upload{Timestamp: timestamppb.Now()} // the server allows an hour of difference
	for age := int32(1); age <= 14; age++ {
		plain.Keys = append(plain.Keys, &TemporaryExposureKey{
			KeyData:                    random(16),
			RollingStartIntervalNumber: proto.Int32(today - age*day),
			RollingPeriod:              proto.Int32(day),
			TransmissionRiskLevel:      proto.Int32(1),
		})
	}
	// box does not refuse a key of low order, with which the shared secret is the same for everyone.
	_, err := curve25519.X25519(privateKey[:], serverKey)
	stopIf(err != nil, "the server's public key protects nothing; do not upload")
	bytes, err := proto.Marshal(plain)
	stopIf(err != nil, "the keys cannot be encoded: %v", err)
	nonce := random(24)
	request := &EncryptedUploadRequest{
		ServerPublicKey: serverKey,
		AppPublicKey:    publicKey[:],
		Nonce:           nonce,
		Payload:         box.Seal(nil, bytes, (*[24]byte)(nonce), (*[32]byte)(serverKey), privateKey),
	}
	answer := &EncryptedUploadResponse{}
	status := post("/upload", request, answer, true)
	good := status == 200 && answer.Error != nil && answer.GetError() == EncryptedUploadResponse_NONE
	stopIf(!good, "the keys were not accepted: %d, error %v", status, answer.GetError())
}

// post sends a message, reads the answer, and returns its status.
func post(path string, request, answer proto.Message, again bool) int {
	body, err := proto.Marshal(request)
	stopIf(err != nil, "the request cannot be encoded: %v", err)
	headers := map[string]string{"Content-Type": "application/x-protobuf"}
	status, content := send("POST", address("SUBMISSION_URL", path), body, headers, again)
	// A page of HTML is not a message, for example.
	stopIf(proto.Unmarshal(content, answer) != nil, "%d: the server did not answer with a message", status)
	return status
}

func random(count int) []byte {
	bytes := make([]byte, count)
	_, err := rand.Read(bytes)
	stopIf(err != nil, "no randomness: %v", err)
	return bytes
}
