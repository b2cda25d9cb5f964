<?php
// Claim a one-time code and upload keys:  php claim_and_upload.php CODE
//
// The keys are invented, one for each of the last 14 days: an app sends those of its phone.
//
// Environment: SUBMISSION_URL.

declare(strict_types=1);

require __DIR__ . '/service.php';

use Exposure\EncryptedUploadRequest;
use Exposure\EncryptedUploadResponse;
use Exposure\KeyClaimRequest;
use Exposure\KeyClaimResponse;
use Exposure\KeyClaimResponse\ErrorCode;
use Exposure\TemporaryExposureKey;
use Exposure\Upload;
use Google\Protobuf\Internal\Message;
use Google\Protobuf\Timestamp;

const DAY = 144; // intervals of 10 minutes

if ($argc !== 2) {
    stop('usage: php claim_and_upload.php CODE');
}
$pair = sodium_crypto_box_keypair();
upload($pair, claim(code_of($argv[1]), $pair));
echo "14 keys accepted\n";

/** Return the server's public key. A code can be claimed once, so a lost answer needs a new code: no other try. */
function claim(string $code, string $pair): string
{
    $request = new KeyClaimRequest(['one_time_code' => $code, 'app_public_key' => sodium_crypto_box_publickey($pair)]);
    $answer = new KeyClaimResponse();
    $status = post('/claim-key', $request, $answer, []);
    if ($answer->getError() === ErrorCode::TEMPORARY_BAN) { // status 429, after too many wrong codes
        $minutes = intdiv((int) $answer->getRemainingBanDuration()?->getSeconds(), 60) + 1;
        stop("too many wrong codes: try again in $minutes minutes");
    }
    if ($answer->getError() === ErrorCode::INVALID_ONE_TIME_CODE) { // status 401
        stop("the code is wrong, used or older than a day; {$answer->getTriesRemaining()} tries left");
    }
    if ($status !== 200 || $answer->getError() !== 0 || strlen($answer->getServerPublicKey()) !== 32) {
        stop("the code was not accepted: $status, error {$answer->getError()}");
    }
    return $answer->getServerPublicKey();
}

/** Send keys. The server skips those it has, so trying again after a lost answer does no harm. */
function upload(string $pair, string $serverKey): void
{
    $today = intdiv(intdiv(time(), 600), DAY) * DAY;
    $keys = array_map(fn (int $age): TemporaryExposureKey => new TemporaryExposureKey([
        'key_data' => random_bytes(16),
        'rolling_start_interval_number' => $today - $age * DAY,
        'rolling_period' => DAY,
        'transmission_risk_level' => 1,
    ]), range(1, 14));
    // The server allows an hour of difference between its clock and the timestamp.
    $plain = new Upload(['timestamp' => new Timestamp(['seconds' => time()]), 'keys' => $keys]);
    $nonce = random_bytes(SODIUM_CRYPTO_BOX_NONCEBYTES);
    try {
        $both = sodium_crypto_box_keypair_from_secretkey_and_publickey(sodium_crypto_box_secretkey($pair), $serverKey);
        $payload = sodium_crypto_box($plain->serializeToString(), $nonce, $both);
    } catch (SodiumException) {
        stop("the server's public key protects nothing; do not upload");
    }
    $request = new EncryptedUploadRequest([
        'server_public_key' => $serverKey,
        'app_public_key' => sodium_crypto_box_publickey($pair),
        'nonce' => $nonce,
        'payload' => $payload,
    ]);
    $answer = new EncryptedUploadResponse();
    $status = post('/upload', $request, $answer, TEMPORARY);
    if ($status !== 200 || !$answer->hasError() || $answer->getError() !== 0) {
        stop("the keys were not accepted: $status, error {$answer->getError()}");
    }
}

/** Read the answer to a message into $answer and return its status, or stop. */
function post(string $path, Message $request, Message $answer, array $retryOn): int
{
    $url = rtrim(setting('SUBMISSION_URL'), '/') . $path;
    $headers = ['Content-Type: application/x-protobuf'];
    [$status, $body] = send($url, $request->serializeToString(), $headers, $retryOn);
    try {
        $answer->mergeFromString($body);
    } catch (Exception) { // a page of HTML, for example
        stop("$status: the server did not answer with a message");
    }
    return $status;
}
