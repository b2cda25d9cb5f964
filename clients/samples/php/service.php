<?php
// What the samples share: settings, and a request that survives a short failure of the network or the server.

declare(strict_types=1);

// The library of protocol buffers is in Debian's include path; what protoc generated is in generated/.
spl_autoload_register(function (string $class): void {
    $file = stream_resolve_include_path(str_replace('\\', '/', $class) . '.php');
    if ($file !== false) {
        require $file;
    }
});
set_include_path(__DIR__ . '/generated' . PATH_SEPARATOR . get_include_path());

const WAITS = [1, 2, 4]; // seconds before the second, third and fourth try
const TEMPORARY = [429, 500, 502, 503, 504];

/**
 * Send a request and return the status and the body. A network error and a status of $retryOn are followed by up to
 * three more tries, after as long as Retry-After says (a minute at most). Pass [] where another try does harm.
 */
function send(string $url, ?string $body, array $headers, array $retryOn = TEMPORARY): array
{
    $waits = $retryOn === [] ? [] : WAITS;
    for ($attempt = 0; ; $attempt++) {
        $asked = null;
        $request = curl_init($url);
        curl_setopt_array($request, [
            CURLOPT_HTTPHEADER => $headers,
            CURLOPT_CONNECTTIMEOUT => 5,
            CURLOPT_LOW_SPEED_LIMIT => 1, // a large archive may take minutes, but no 30 seconds without a byte
            CURLOPT_LOW_SPEED_TIME => 30,
            CURLOPT_PROTOCOLS => CURLPROTO_HTTP | CURLPROTO_HTTPS,
            CURLOPT_RETURNTRANSFER => true,
            CURLOPT_HEADERFUNCTION => function ($_, string $line) use (&$asked): int {
                if (preg_match('/^Retry-After:\s*(\d+)/i', $line, $found) === 1) {
                    $asked = min((int) $found[1], 60);
                }
                return strlen($line);
            },
        ]);
        if ($body !== null) {
            curl_setopt_array($request, [CURLOPT_POST => true, CURLOPT_POSTFIELDS => $body]);
        }
        $answer = curl_exec($request);
        $status = curl_getinfo($request, CURLINFO_RESPONSE_CODE);
        if (($answer !== false && !in_array($status, $retryOn, true)) || $attempt === count($waits)) {
            return $answer === false ? stop('the server did not answer: ' . curl_error($request)) : [$status, $answer];
        }
        sleep($asked ?? $waits[$attempt]);
    }
}

/** Return a one-time code without the spaces, dashes and invisible characters of a paste. Look-alikes stay. */
function code_of(string $text): string
{
    $plain = Normalizer::normalize($text, Normalizer::FORM_KC);
    return preg_replace('/[\p{Z}\p{Cc}\p{Cf}\p{Pd}\x{2212}]/u', '', $plain === false ? '' : $plain);
}

function setting(string $name): string
{
    return getenv($name) ?: stop("$name is not set");
}

function stop(string $reason): never
{
    fwrite(STDERR, "$reason\n");
    exit(1);
}
