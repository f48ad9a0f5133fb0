using System.Diagnostics;

namespace Swarm.EndToEnd;

/// <summary>
/// The kernel's own record (strace) of what every manager did: when the answer to a write goes out, the log is on the
/// disks of a majority.
/// </summary>
[Collection(LabCollection.Name)]
public sealed class DurabilityTests : IDisposable
{
    private const int Writes = 20;
    private const int Majority = 2;
    private readonly Lab lab;
    private readonly string folder = Directory.CreateTempSubdirectory("swarm-strace").FullName;
    private readonly List<Process> tracers = [];

    public DurabilityTests(Lab lab)
    {
        this.lab = lab;
        lab.Reset();
    }

    public void Dispose()
    {
        foreach (var tracer in tracers)
        {
            StopTracer(tracer);
            tracer.Dispose();
        }

        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public void A_majority_has_synced_before_the_client_hears_of_it()
    {
        var leader = lab.Leader("n1");
        foreach (var host in Lab.Managers)
            Trace(host);
        var names = Enumerable.Range(0, Writes).Select(n => $"strace-{n}-end").ToList();
        foreach (var name in names)
        {
            lab.Ctl(
                leader, "service", "create", "--detach", "--no-resolve-image", "--replicas", "0", "--name", name,
                "strace/nothing:1").Expect();
        }

        tracers.ForEach(StopTracer);
        var calls = Lab.Managers.ToDictionary(h => h, h => SystemCalls.Read(Path.Combine(folder, h)));
        foreach (var name in names)
        {
            var (from, until) = Exchange(calls[leader], name);
            var durable = calls.Values.Count(c => c.Any(
                call => call is { Name: "fdatasync", Succeeded: true } && call.Began >= from && call.Ended <= until));
            Assert.True(
                durable >= Majority,
                $"{name}: asked at {from}, answered at {until}: only {durable} managers had synced in between");
        }
    }

    private void Trace(string host)
    {
        var output = Path.Combine(folder, host);
        var pid = lab.DaemonPid(host);
        var start = new ProcessStartInfo(
            "strace",
            [
                "-f", "-ttt", "-T", "-s", "4096", "-e",
                    "trace=fdatasync,recvmsg,recvfrom,read,sendmsg,sendto,write,writev",
                "-o", output, "-p", pid,
            ])
        {
            RedirectStandardError = true,
        };
        var tracer = Process.Start(start)!;
        tracers.Add(tracer);
        Wait.Until($"strace follows {host}", 30, () => tracer.StandardError.ReadLine()?.Contains("attached") ?? false);
        _ = tracer.StandardError.ReadToEndAsync();
    }

    /// <summary>It detaches on SIGINT and has then written all it saw.</summary>
    private static void StopTracer(Process tracer)
    {
        if (tracer.HasExited)
            return;
        CommandResult.Of("kill", ["-INT", $"{tracer.Id}"]);
        if (!tracer.WaitForExit(TimeSpan.FromSeconds(20)))
            tracer.Kill();
    }

    /// <summary>From reading the request to the last that was sent on that socket.</summary>
    private static (double From, double Until) Exchange(List<SystemCall> calls, string name)
    {
        var first = calls.FindIndex(c => c.Name is "recvmsg" or "recvfrom" or "read" && c.Text.Contains(name));
        Assert.True(first >= 0, $"the request for {name} was not seen");
        var request = calls[first];
        // The next command is another connection, which may have the same number: it begins with the client's preface.
        var answers = calls.Skip(first + 1).Where(c => c.File == request.File)
            .TakeWhile(c => !c.Text.Contains("PRI * HTTP/2.0", StringComparison.Ordinal))
            .Where(c => c.Name is "sendmsg" or "sendto" or "write" or "writev").ToList();
        Assert.True(answers.Count > 0, $"the answer to {name} was not seen");
        return (request.Began, answers.Max(c => c.Began));
    }
}
