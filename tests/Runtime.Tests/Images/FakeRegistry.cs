using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Swarm.Runtime.Images;

namespace Swarm.Runtime.Tests.Images;

/// <summary>A registry on loopback that lies as it is told to. One request per connection.</summary>
internal sealed class FakeRegistry : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();

    internal FakeRegistry()
    {
        _listener.Start();
        _ = Task.Run(AcceptAsync);
    }

    internal sealed record Request(string Path, Dictionary<string, string> Headers);

    internal sealed record Answer(int Status, byte[] Body, string Type = "application/octet-stream")
    {
        internal string Headers { get; init; } = "";

        /// <summary>null = the body's own.</summary>
        internal long? ContentLength { get; init; }

        internal bool HangAfterBody { get; init; }
    }

    internal string Host => $"127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}";

    internal ConcurrentDictionary<string, Func<Request, Answer>> Paths { get; } = new();

    internal ConcurrentQueue<Request> Requests { get; } = new();

    /// <summary>Looked at before anything else.</summary>
    internal Func<Request, Answer?> Gate { get; set; } = _ => null;

    /// <summary>Only short where silence is what is tested: a busy machine answers late, too.</summary>
    internal TimeSpan StallTimeout { get; set; } = new RegistryOptions().StallTimeout;

    internal RegistryOptions Options => new()
    {
        InsecureHosts = [Host], Architecture = "amd64", StallTimeout = StallTimeout,
    };

    internal ImageReference Tagged(string name = "demo:1") => ImageReference.Parse($"{Host}/{name}");

    internal ImageReference Serve(TestImage image, string repository = "demo", string tag = "1")
    {
        foreach (var (digest, blob) in image.Blobs)
        {
            Paths[$"/v2/{repository}/blobs/{digest}"] = _ => new Answer(200, blob);
        }

        return ServeManifest(image.Manifest, image.MediaType, repository, tag);
    }

    internal ImageReference ServeManifest(byte[] document, string type, string repository = "demo", string tag = "1")
    {
        var digest = ImageDigest.Of(document);
        Paths[$"/v2/{repository}/manifests/{tag}"] = Paths[$"/v2/{repository}/manifests/{digest}"] =
            _ => new Answer(200, document, type);
        return Tagged($"{repository}:{tag}").Pin(digest);
    }

    internal int Asked(string part) => Requests.Count(r => r.Path.Contains(part, StringComparison.Ordinal));

    public void Dispose()
    {
        _stop.Cancel();
        _listener.Dispose();
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var client = await _listener.AcceptTcpClientAsync(_stop.Token);
                _ = Task.Run(() => ServeAsync(client));
            }
        }
        catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException or SocketException)
        {
            return;
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using (client)
        {
            try
            {
                var stream = client.GetStream();
                using var reader = new StreamReader(stream, Encoding.Latin1, leaveOpen: true);
                var path = (await reader.ReadLineAsync())?.Split(' ')[1] ?? "";
                var headers = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
                while (await reader.ReadLineAsync() is { Length: > 0 } line)
                {
                    headers[line[..line.IndexOf(':')]] = line[(line.IndexOf(':') + 1)..].Trim();
                }

                var request = new Request(path, headers);
                Requests.Enqueue(request);
                var answer = Gate(request)
                    ?? (Paths.TryGetValue(path.Split('?')[0], out var make) ? make(request) : new Answer(404, []));
                await stream.WriteAsync(Encoding.Latin1.GetBytes(
                    $"HTTP/1.1 {answer.Status} X\r\nContent-Type: {answer.Type}\r\nConnection: close\r\n"
                    + $"Content-Length: {answer.ContentLength ?? answer.Body.Length}\r\n{answer.Headers}\r\n"));
                await stream.WriteAsync(answer.Body);
                if (answer.HangAfterBody)
                    await Task.Delay(Timeout.Infinite, _stop.Token);
            }
            catch (Exception e) when (e is IOException or OperationCanceledException or ObjectDisposedException)
            {
                return;
            }
        }
    }
}
