using System.Collections.Concurrent;
using System.Net;

namespace Swarm.EndToEnd;

/// <summary>Asks all hosts in turn without a pause, each time on a new connection, and counts strictly.</summary>
internal sealed class Traffic : IDisposable
{
    private const int Workers = 4;
    private const int MaxRemembered = 20;
    private static readonly TimeSpan RequestLimit = TimeSpan.FromSeconds(5);

    private readonly CancellationTokenSource stop = new();
    private readonly ConcurrentQueue<string> failures = new();
    private readonly ConcurrentDictionary<string, int> answers = new();
    private readonly Task[] workers;
    private int requests;

    private Traffic(int port, IReadOnlyList<string> hosts) =>
        workers = [.. Enumerable.Range(0, Workers).Select(n => Task.Run(() => AskAsync(port, hosts, n)))];

    public static Traffic Start(int port, IReadOnlyList<string> hosts) => new(port, hosts);

    public int Requests => Volatile.Read(ref requests);

    public IEnumerable<string> Answers => answers.Keys;

    /// <summary>Ends the traffic; the test fails if any request failed.</summary>
    public void EndWithoutFailure()
    {
        Dispose();
        var first = string.Join("\n", failures.Take(MaxRemembered));
        Assert.True(failures.IsEmpty, $"{failures.Count} of {requests} requests failed:\n{first}");
    }

    public void Dispose()
    {
        stop.Cancel();
        Task.WaitAll(workers);
    }

    private async Task AskAsync(int port, IReadOnlyList<string> hosts, int offset)
    {
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { Timeout = RequestLimit };
        http.DefaultRequestHeaders.ConnectionClose = true;
        for (var n = offset; !stop.IsCancellationRequested; n++)
        {
            var url = $"http://{Lab.Address(hosts[n % hosts.Count])}:{port}/?{n}";
            try
            {
                using var response = await http.GetAsync(new Uri(url));
                var body = (await response.Content.ReadAsStringAsync()).Trim();
                Count(url, response.StatusCode, body);
            }
            catch (Exception e) when (e is HttpRequestException or TaskCanceledException or IOException)
            {
                failures.Enqueue($"{DateTime.Now:HH:mm:ss.fff} {url}: {e.Message}");
            }

            Interlocked.Increment(ref requests);
            await Task.Delay(2);
        }
    }

    private void Count(string url, HttpStatusCode status, string body)
    {
        if (status == HttpStatusCode.OK && body.StartsWith("version=", StringComparison.Ordinal))
            answers.AddOrUpdate(body, 1, (_, n) => n + 1);
        else
            failures.Enqueue($"{DateTime.Now:HH:mm:ss.fff} {url}: {(int)status} {body}");
    }
}
