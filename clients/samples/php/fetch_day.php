<?php
// Fetch, verify and read the keys of a day:  php fetch_day.php [YYYY-MM-DD]
//
// The day is a UTC day, today if none is given; the last 15 can be fetched. Prints one line for each key:
// key (hexadecimal), first interval (unix time / 600 s), number of intervals, transmission risk.
//
// Environment: RETRIEVAL_URL, RETRIEVE_HMAC_KEY (hexadecimal), EXPORT_PUBLIC_KEY (PEM, or the base64 inside it).

declare(strict_types=1);

require __DIR__ . '/service.php';

use Exposure\TEKSignatureList;
use Exposure\TemporaryExposureKeyExport;

const HEADER = 'EK Export v1    ';
const MAX_BYTES = 32 << 20; // that the library reads without the extension
const REASONS = [
    401 => "the address is not accepted; check RETRIEVE_HMAC_KEY and this machine's clock",
    404 => 'the day is not published yet, or RETRIEVAL_URL is wrong',
    410 => 'the day is too long ago',
];

foreach (verified(download(wanted_day($argv[1] ?? gmdate('Y-m-d'))))->getKeys() as $key) {
    echo bin2hex($key->getKeyData()), " {$key->getRollingStartIntervalNumber()} {$key->getRollingPeriod()} ",
        $key->getTransmissionRiskLevel(), "\n";
}

/** Return a UTC day number. */
function wanted_day(string $date): int
{
    $day = DateTimeImmutable::createFromFormat('!Y-m-d', $date, new DateTimeZone('UTC'));
    if ($day === false || $day->format('Y-m-d') !== $date) {
        stop('the day must be YYYY-MM-DD');
    }
    return intdiv($day->getTimestamp(), 86_400);
}

/** Return the zip file of a day. The MAC in its address covers the day and the hour, so it is made just before. */
function download(int $day): string
{
    $period = sprintf('%05d', $day);
    $key = ctype_xdigit(setting('RETRIEVE_HMAC_KEY')) ? @hex2bin(setting('RETRIEVE_HMAC_KEY')) : false;
    if ($key === false) {
        stop('RETRIEVE_HMAC_KEY is not hexadecimal');
    }
    $mac = hash_hmac('sha256', "302:$period:" . intdiv(time(), 3_600), $key);
    [$status, $body] = send(rtrim(setting('RETRIEVAL_URL'), '/') . "/retrieve/302/$period/$mac", null, []);
    if ($status !== 200) {
        stop("$status: " . (REASONS[$status] ?? 'the server has a problem; try again later'));
    }
    return $body;
}

/** Return the export once its signature is verified: never use keys that the server did not sign. */
function verified(string $archive): TemporaryExposureKeyExport
{
    $base64 = preg_replace('/-----.*-----|\s/', '', setting('EXPORT_PUBLIC_KEY'));
    $pem = "-----BEGIN PUBLIC KEY-----\n" . chunk_split($base64, 64, "\n") . "-----END PUBLIC KEY-----\n";
    $key = openssl_pkey_get_public($pem) ?: stop('EXPORT_PUBLIC_KEY is not a public key');
    [$export, $signatures] = unzip($archive);
    if (strlen($export) > MAX_BYTES && !extension_loaded('protobuf')) {
        stop('the archive is larger than 32 MB: install the extension protobuf');
    }
    try {
        $list = new TEKSignatureList();
        $list->mergeFromString($signatures);
        // The signature (ASN.1 DER) is over the whole file, its header included.
        $signature = count($list->getSignatures()) === 1 ? $list->getSignatures()[0]->getSignature() : '';
        if (openssl_verify($export, $signature, $key, OPENSSL_ALGO_SHA256) !== 1) {
            stop('the archive is not genuine: the signature is wrong');
        }
        $message = new TemporaryExposureKeyExport();
        $message->mergeFromString(substr($export, strlen(HEADER)));
        return $message;
    } catch (Exception $error) {
        stop('the archive is not genuine: ' . $error->getMessage());
    }
}

/** Return export.bin and export.sig of a zip file, empty if it is none. */
function unzip(string $archive): array
{
    $file = tempnam(sys_get_temp_dir(), 'day');
    file_put_contents($file, $archive);
    $zip = new ZipArchive();
    $opened = $archive !== '' && $zip->open($file, ZipArchive::RDONLY) === true;
    $files = $opened ? [(string) $zip->getFromName('export.bin'), (string) $zip->getFromName('export.sig')] : ['', ''];
    unlink($file);
    return $files;
}
