using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using Swarm.Rpc.Tests;
using Swarm.Runtime.Images;

namespace Swarm.Runtime.Tests.Images;

/// <summary>A real docker-registry on a loopback port.</summary>
internal sealed class DebianRegistry : IAsyncDisposable
{
    private static readonly TimeSpan s_startDeadline = TimeSpan.FromSeconds(20);
    private readonly Process _process;
    private readonly HttpClient _http;

    private DebianRegistry(Process process, string host)
    {
        _process = process;
        Host = host;
        _http = new HttpClient(
            new SocketsHttpHandler { UseProxy = false }) { BaseAddress = new Uri($"http://{host}/v2/") };
    }

    internal string Host { get; }

    internal RegistryOptions Options => new() { InsecureHosts = [Host], Architecture = "amd64" };

    /// <summary>Who may use a registry with a password, and the password in htpasswd's form.</summary>
    internal static readonly RegistryCredentials Joe = new("joe", "s3cret");

    private const string JoesLine = "joe:$2b$04$4fvPQRkeZWFlvKCCre7KuODUBu/SKVHClCrzA7A1P8CgnS/C3lUZW\n";

    internal static async Task<DebianRegistry> StartAsync(TempDirectory temp, bool withPassword = false)
    {
        var port = TestPorts.Free();
        var config = temp.At("registry.yml");
        await File.WriteAllTextAsync(config,
            $"version: 0.1\nlog: {{level: error}}\nstorage:\n  filesystem: {{rootdirectory: {temp.Sub("registry")}}}\n"
            + $"http:\n  addr: 127.0.0.1:{port}\n"
            + (withPassword ? $"auth: {{htpasswd: {{realm: r, path: {temp.At("htpasswd")}}}}}\n" : ""));
        await File.WriteAllTextAsync(temp.At("htpasswd"), JoesLine);
        var start = new ProcessStartInfo(
            "docker-registry", ["serve", config]) { RedirectStandardOutput = true, RedirectStandardError = true };
        var process = Process.Start(start)!;
        process.OutputDataReceived += (_, _) => { };
        process.ErrorDataReceived += (_, _) => { };
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        var registry = new DebianRegistry(process, $"127.0.0.1:{port}");
        await registry.WaitAsync();
        return registry;
    }

    internal async Task<ImageReference> PushAsync(TestImage image, string repository, string tag)
    {
        foreach (var (digest, blob) in image.Blobs)
        {
            using var begun = await _http.PostAsync($"{repository}/blobs/uploads/", null);
            var location = begun.Headers.Location!.ToString();
            using var body = new ByteArrayContent(blob);
            body.Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
            using var put = await _http.PutAsync(
                location + (location.Contains('?') ? "&" : "?") + "digest=" + digest, body);
            put.EnsureSuccessStatusCode();
        }

        await PushManifestAsync(image.Manifest, image.MediaType, repository, tag);
        return ImageReference.Parse($"{Host}/{repository}:{tag}@{image.Digest}");
    }

    internal async Task PushManifestAsync(byte[] document, string type, string repository, string tag)
    {
        using var body = new ByteArrayContent(document);
        body.Headers.ContentType = new MediaTypeHeaderValue(type);
        using var put = await _http.PutAsync($"{repository}/manifests/{tag}", body);
        Assert.True(put.IsSuccessStatusCode, await put.Content.ReadAsStringAsync());
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        if (!_process.HasExited)
            _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    private async Task WaitAsync()
    {
        for (var watch = Stopwatch.StartNew(); watch.Elapsed < s_startDeadline; await Task.Delay(50))
        {
            try
            {
                using var answer = await _http.GetAsync("");
                if (answer.IsSuccessStatusCode || answer.StatusCode == HttpStatusCode.Unauthorized)
                    return;
            }
            catch (HttpRequestException) when (!_process.HasExited)
            {
                continue;
            }
        }

        await DisposeAsync();
        throw new InvalidOperationException("docker-registry does not answer");
    }
}
