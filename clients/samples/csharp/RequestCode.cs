// Request a one-time code:  RequestCode [CASE]
//
// CASE is your own reference of one patient's test, any text. It makes the request repeatable: as long as the code is
// not used, asking again for the same CASE replaces it. The server sees only a keyed hash of it.
//
// Environment: SUBMISSION_URL, KEY_CLAIM_TOKEN, and with CASE also HASH_ID_KEY, a constant secret of your own.
// Prints the code alone; exit status 0 a code, 1 none.
using System;
using System.Collections.Generic;
using System.Net.Http;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;

public static class RequestCode
{
    static readonly Dictionary<int, string> Reasons = new Dictionary<int, string>
    {
        [401] = "the token is not accepted; check KEY_CLAIM_TOKEN (the token alone, without its label)",
        [403] = "the patient has already used a code; no new one is given for this CASE",
        [404] = "check SUBMISSION_URL",
        [429] = "too many requests; try again later",
    };

    public static void Main(string[] arguments)
    {
        var path = "/new-key-claim";
        if (arguments.Length > 0) path += "/" + HashId(arguments[0], Service.Setting("HASH_ID_KEY"));
        // Trying again does no harm: a code that is not used expires.
        var token = Service.Setting("KEY_CLAIM_TOKEN");
        var (status, body) = Service.Post(path, () => new ByteArrayContent(new byte[0]), token, true);
        var reason = Reasons.ContainsKey(status) ? Reasons[status] : "the server has a problem; try again later";
        if (status != 200) Service.Stop($"{status}: {reason}");
        var code = Encoding.UTF8.GetString(body).Trim();
        // Anything but ten characters, such as an error page of a proxy, must never be read out to a patient.
        if (!Regex.IsMatch(code, @"\A[A-Z0-9]{10}\z")) Service.Stop("the server's answer is not a code");
        Console.WriteLine(code);
    }

    // 128 characters that reveal nothing of the case without the key.
    static string HashId(string name, string key)
    {
        var hash = new HMACSHA512(Encoding.UTF8.GetBytes(key)).ComputeHash(Encoding.UTF8.GetBytes(name));
        return BitConverter.ToString(hash).Replace("-", "").ToLowerInvariant();
    }
}
