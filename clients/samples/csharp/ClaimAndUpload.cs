// Claim a one-time code and upload keys:  ClaimAndUpload CODE
//
// The keys are invented, one for each of the last 14 days: an app sends those of its phone.
//
// Environment: SUBMISSION_URL.  NaCl box is that of libsodium; the messages are written and read by Wire.cs.
using System;
using System.Net.Http;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;

public static class ClaimAndUpload
{
    const int Day = 144; // intervals of 10 minutes
    const int InvalidOneTimeCode = 2, TemporaryBan = 5;

    [DllImport("libsodium.so.23")] static extern int sodium_init();
    [DllImport("libsodium.so.23")] static extern int crypto_box_keypair(byte[] publicKey, byte[] secretKey);
    [DllImport("libsodium.so.23")]
    static extern int crypto_box_easy(
        byte[] sealedBox, byte[] plain, ulong length, byte[] nonce, byte[] theirs, byte[] ours);

    public static void Main(string[] arguments)
    {
        if (arguments.Length != 1) Service.Stop("usage: ClaimAndUpload CODE");
        byte[] publicKey = new byte[32], secretKey = new byte[32];
        if (sodium_init() < 0 || crypto_box_keypair(publicKey, secretKey) != 0) Service.Stop("libsodium cannot start");
        Upload(publicKey, secretKey, Claim(Service.CodeOf(arguments[0]), publicKey));
        Console.WriteLine("14 keys accepted");
    }

    // A code can be claimed once, so a lost answer needs a new code: no other try.
    static byte[] Claim(string code, byte[] publicKey)
    {
        var request = new Wire.Writer().Add(1, Encoding.UTF8.GetBytes(code)).Add(2, publicKey);
        var (status, answer) = Post("/claim-key", request, false);
        var error = answer.Number(1) ?? 0;
        if (error == TemporaryBan) // status 429, after too many wrong codes
        {
            var minutes = (Parse(status, answer.Bytes(4)).Number(1) ?? 0) / 60 + 1;
            Service.Stop($"too many wrong codes: try again in {minutes} minutes");
        }
        if (error == InvalidOneTimeCode) // status 401
            Service.Stop($"the code is wrong, used or older than a day; {answer.Number(3) ?? 0} tries left");
        if (status != 200 || error != 0 || answer.Bytes(2).Length != 32)
            Service.Stop($"the code was not accepted: {status}, error {error}");
        return answer.Bytes(2);
    }

    // The server skips keys that it has, so trying again after a lost answer does no harm.
    static void Upload(byte[] publicKey, byte[] secretKey, byte[] serverKey)
    {
        var now = DateTimeOffset.UtcNow.ToUnixTimeSeconds(); // the server allows an hour of difference
        var today = now / 600 / Day * Day;
        var plain = new Wire.Writer().Add(1, new Wire.Writer().Add(1, now).ToArray());
        for (var age = 1; age <= 14; age++)
        {
            var key = new Wire.Writer().Add(1, Random(16)).Add(2, 1).Add(3, today - age * Day).Add(4, Day);
            plain.Add(2, key.ToArray());
        }
        byte[] message = plain.ToArray(), nonce = Random(24), payload = new byte[message.Length + 16];
        if (crypto_box_easy(payload, message, (ulong)message.Length, nonce, serverKey, secretKey) != 0)
            Service.Stop("the server's public key protects nothing; do not upload");
        var request = new Wire.Writer().Add(1, serverKey).Add(2, publicKey).Add(3, nonce).Add(4, payload);
        var (status, answer) = Post("/upload", request, true);
        if (status != 200 || answer.Number(1) != 0)
            Service.Stop($"the keys were not accepted: {status}, error {answer.Number(1)?.ToString() ?? "none"}");
    }

    static (int, Wire.Message) Post(string path, Wire.Writer request, bool again)
    {
        Func<HttpContent> makeBody = () =>
        {
            var body = new ByteArrayContent(request.ToArray());
            body.Headers.Add("Content-Type", "application/x-protobuf");
            return body;
        };
        var (status, content) = Service.Post(path, makeBody, null, again);
        return (status, Parse(status, content));
    }

    static Wire.Message Parse(int status, byte[] content)
    {
        try { return Wire.Parse(content); }
        catch (FormatException) // a page of HTML, for example
        {
            Service.Stop($"{status}: the server did not answer with a message");
            throw;
        }
    }

    static byte[] Random(int count)
    {
        var bytes = new byte[count];
        using (var source = RandomNumberGenerator.Create()) source.GetBytes(bytes);
        return bytes;
    }
}
