// What the samples share: settings, and a request that survives a short failure of the network or the server.
using System;
using System.Linq;
using System.Net.Http;
using System.Text;
using System.Text.RegularExpressions;
using System.Threading;

public static class Service
{
    static readonly int[] Waits = { 1, 2, 4 }; // seconds before the second, third and fourth try
    static readonly int[] Temporary = { 429, 500, 502, 503, 504 };

    // Return the status and the body of an answer. With `again`, a network error and a temporary status are followed by
    // up to three more tries, after as long as Retry-After says (a minute at most).
    public static (int, byte[]) Post(string path, Func<HttpContent> body, string token, bool again)
    {
        var handler = new HttpClientHandler { AllowAutoRedirect = false };
        var client = new HttpClient(handler) { Timeout = TimeSpan.FromSeconds(30) };
        if (token != null) client.DefaultRequestHeaders.Add("Authorization", "Bearer " + token);
        var url = Setting("SUBMISSION_URL").TrimEnd('/') + path;
        for (var attempt = 0; ; attempt++)
        {
            var last = !again || attempt == Waits.Length;
            var wait = last ? 0 : Waits[attempt];
            try
            {
                var answer = client.PostAsync(url, body()).GetAwaiter().GetResult();
                var status = (int)answer.StatusCode;
                var content = answer.Content.ReadAsByteArrayAsync().GetAwaiter().GetResult();
                if (last || !Temporary.Contains(status)) return (status, content);
                var asked = answer.Headers.RetryAfter?.Delta;
                if (asked != null) wait = (int)Math.Min(asked.Value.TotalSeconds, 60);
            }
            catch (Exception error)
            {
                if (last) Stop($"the server did not answer: {error.GetBaseException().GetType().Name}");
            }
            Thread.Sleep(TimeSpan.FromSeconds(wait));
        }
    }

    // Return a one-time code without the spaces, dashes and invisible characters of a paste. Look-alikes stay.
    public static string CodeOf(string text)
    {
        return Regex.Replace(text.Normalize(NormalizationForm.FormKC), @"[\p{Z}\p{Cc}\p{Cf}\p{Pd}\u2212]", "");
    }

    public static string Setting(string name) => Environment.GetEnvironmentVariable(name) ?? Stop($"{name} is not set");

    public static string Stop(string reason)
    {
        Console.Error.WriteLine(reason);
        Environment.Exit(1);
        return null;
    }
}
