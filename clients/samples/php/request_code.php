<?php
// Request a one-time code:  php request_code.php [CASE]
//
// CASE is your own reference of one patient's test, any text. It makes the request repeatable: as long as the code is
// not used, asking again for the same CASE replaces it. The server sees only a keyed hash of it.
//
// Environment: SUBMISSION_URL, KEY_CLAIM_TOKEN, and with CASE also HASH_ID_KEY, a secret of your own that never changes.
// Needs: PHP 8 with the curl extension. Prints the code alone; exit status 0 a code, 1 none.
declare(strict_types=1);

const WAITS = [1, 2, 4]; // seconds before the second, third and fourth try
const REASONS = [
    401 => 'the token is not accepted; check KEY_CLAIM_TOKEN (the token alone, without its label)',
    403 => 'the patient has already used a code; no new one is given for this CASE',
    404 => 'check SUBMISSION_URL',
    429 => 'too many requests; try again later',
];

$url = rtrim(setting('SUBMISSION_URL'), '/') . '/new-key-claim';
if (isset($argv[1])) {
    // 128 characters that say nothing about the case to whoever lacks the key.
    $url .= '/' . hash_hmac('sha512', $argv[1], setting('HASH_ID_KEY'));
}
[$status, $body] = post($url, setting('KEY_CLAIM_TOKEN'));
if ($status !== 200) {
    stop("$status: " . (REASONS[$status] ?? 'the server has a problem; try again later'));
}
$code = trim($body);
// Anything but ten characters, such as an error page of a proxy, must never be read out to a patient.
if (preg_match('/\A[A-Z0-9]{10}\z/', $code) !== 1) {
    stop("the server's answer is not a code");
}
echo $code, "\n";

/** Return the status and the body. Trying again is harmless: a code that nobody reads expires unused. */
function post(string $url, string $token): array
{
    for ($attempt = 0; ; $attempt++) {
        $asked = null;
        $request = curl_init($url);
        curl_setopt_array($request, [
            CURLOPT_POST => true,
            CURLOPT_POSTFIELDS => '',
            CURLOPT_HTTPHEADER => ["Authorization: Bearer $token"],
            CURLOPT_CONNECTTIMEOUT => 5,
            CURLOPT_TIMEOUT => 30,
            CURLOPT_RETURNTRANSFER => true,
            CURLOPT_HEADERFUNCTION => function ($_, string $line) use (&$asked): int {
                if (preg_match('/^Retry-After:\s*(\d+)/i', $line, $found) === 1) {
                    $asked = min((int) $found[1], 60);
                }
                return strlen($line);
            },
        ]);
        $body = curl_exec($request);
        $status = curl_getinfo($request, CURLINFO_RESPONSE_CODE);
        $passing = $body === false || $status === 429 || $status >= 500;
        if (!$passing || $attempt === count(WAITS)) {
            return $body === false ? stop('the server did not answer: ' . curl_error($request)) : [$status, $body];
        }
        sleep($asked ?? WAITS[$attempt]);
    }
}

function setting(string $name): string
{
    return getenv($name) ?: stop("$name is not set");
}

function stop(string $reason): never
{
    fwrite(STDERR, "request_code: $reason\n");
    exit(1);
}
