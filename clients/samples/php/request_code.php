<?php
// Request a one-time code:  php request_code.php [CASE]
//
// CASE is your own reference of one patient's test, any text. It makes the request repeatable: as long as the code is
// not used, asking again for the same CASE replaces it. The server sees only a keyed hash of it.
//
// Environment: SUBMISSION_URL, KEY_CLAIM_TOKEN, and with CASE also HASH_ID_KEY, a constant secret of your own.
// Prints the code alone; exit status 0 a code, 1 none.

declare(strict_types=1);

require __DIR__ . '/service.php';

const REASONS = [
    401 => 'the token is not accepted; check KEY_CLAIM_TOKEN (the token alone, without its label)',
    403 => 'the patient has already used a code; no new one is given for this CASE',
    404 => 'check SUBMISSION_URL',
    429 => 'too many requests; try again later',
];

$url = rtrim(setting('SUBMISSION_URL'), '/') . '/new-key-claim';
if (isset($argv[1])) {
    // 128 characters that reveal nothing of the case without the key.
    $url .= '/' . hash_hmac('sha512', $argv[1], setting('HASH_ID_KEY'));
}
// Trying again does no harm: a code that is not used expires.
[$status, $body] = send($url, '', ['Authorization: Bearer ' . setting('KEY_CLAIM_TOKEN')]);
if ($status !== 200) {
    stop("$status: " . (REASONS[$status] ?? 'the server has a problem; try again later'));
}
$code = trim($body);
// Anything but ten characters, such as an error page of a proxy, must never be read out to a patient.
if (preg_match('/\A[A-Z0-9]{10}\z/', $code) !== 1) {
    stop("the server's answer is not a code");
}
echo $code, "\n";
