// Request a one-time code:  RequestCode [CASE]
// CASE is your own reference of one patient's test, any text. It makes the request repeatable: as long as the code is
// not used, asking again for the same CASE replaces it. The server sees only a keyed hash of it.
// Environment: SUBMISSION_URL, KEY_CLAIM_TOKEN, and with CASE also HASH_ID_KEY, a secret of your own that never changes.
// Needs: .NET (dotnet run) or Mono (mcs -r:System.Net.Http.dll), no packages. Prints the code alone.
using System;
using System.Collections.Generic;
using System.Net.Http;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using System.Threading.Tasks;

public static class RequestCode
{
    static readonly int[] Waits = { 1, 2, 4, 0 }; // seconds after each of the four tries
    static readonly Dictionary<int, string> Reasons = new Dictionary<int, string>
    {
        [401] = "the token is not accepted; check KEY_CLAIM_TOKEN (the token alone, without its label)",
        [403] = "the patient has already used a code; no new one is given for this CASE",
        [404] = "check SUBMISSION_URL",
        [429] = "too many requests; try again later",
    };
    public static void Main(string[] arguments) => Run(arguments).GetAwaiter().GetResult();

    static async Task Run(string[] arguments)
    {
        var url = Setting("SUBMISSION_URL").TrimEnd('/') + "/new-key-claim";
        if (arguments.Length > 0) url += "/" + HashId(arguments[0], Setting("HASH_ID_KEY"));
        var client = new HttpClient { Timeout = TimeSpan.FromSeconds(30) };
        client.DefaultRequestHeaders.Add("Authorization", "Bearer " + Setting("KEY_CLAIM_TOKEN"));
        var answer = await Post(client, url);
        var status = (int)answer.StatusCode;
        var reason = Reasons.ContainsKey(status) ? Reasons[status] : "the server has a problem; try again later";
        if (status != 200) Stop($"{status}: {reason}");
        var code = (await answer.Content.ReadAsStringAsync()).Trim();
        // Anything but ten characters, such as an error page of a proxy, must never be read out to a patient.
        if (!Regex.IsMatch(code, @"\A[A-Z0-9]{10}\z")) Stop("the server's answer is not a code");
        Console.WriteLine(code);
    }

    // Trying again is harmless: a code that nobody reads expires unused.
    static async Task<HttpResponseMessage> Post(HttpClient client, string url)
    {
        for (var attempt = 0; ; attempt++)
        {
            var last = attempt == Waits.Length - 1;
            var wait = TimeSpan.FromSeconds(Waits[attempt]);
            try
            {
                var answer = await client.PostAsync(url, new ByteArrayContent(new byte[0]));
                if (last || ((int)answer.StatusCode != 429 && (int)answer.StatusCode < 500)) return answer;
                var asked = answer.Headers.RetryAfter?.Delta;
                if (asked != null && asked <= TimeSpan.FromMinutes(1)) wait = asked.Value;
            }
            catch (Exception error) when (error is HttpRequestException || error is TaskCanceledException)
            {
                if (last) Stop($"the server did not answer: {error.GetType().Name}");
            }
            await Task.Delay(wait);
        }
    }

    // 128 characters that say nothing about the case to whoever lacks the key.
    static string HashId(string name, string key)
    {
        var hash = new HMACSHA512(Encoding.UTF8.GetBytes(key)).ComputeHash(Encoding.UTF8.GetBytes(name));
        return BitConverter.ToString(hash).Replace("-", "").ToLowerInvariant();
    }

    static string Setting(string name) => Environment.GetEnvironmentVariable(name) ?? Stop($"{name} is not set");

    static string Stop(string reason)
    {
        Console.Error.WriteLine($"request_code: {reason}");
        Environment.Exit(1);
        return null;
    }
}
