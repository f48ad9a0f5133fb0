using System.Diagnostics;

namespace Swarm.EndToEnd;

/// <summary>
/// The kernel's own record (strace) of what every manager did: when the answer to a write goes out, the log is on the
/// disks of a majority.
/// </summary>
[Collection(LabCollection.Name)]
public sealed class DurabilityTests : IDisposable
{
    private const int Writes = 10;
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
        var ids = names.ConvertAll(name => QuickCtl.Run(
            leader, "service", "create", "--detach", "--no-resolve-image", "--replicas", "0", "--name", name,
            "strace/nothing:1").Expect().Lines[0].Trim());

        tracers.ForEach(StopTracer);
        var calls = Lab.Managers.ToDictionary(h => h, h => SystemCalls.Read(Path.Combine(folder, h)));
        foreach (var (name, id) in names.Zip(ids))
        {
            var (from, until) = Exchange(calls[leader], name, id);
            var durable = calls.Values.Count(c => c.Any(call => call is { Name: "fdatasync", Succeeded: true }
                && call.Text.Contains(".wal>", StringComparison.Ordinal) && call.Began >= from && call.Ended <= until));
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
                "-f", "-y", "-ttt", "-T", "-s", "4096", "-e",
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

    /// <summary>From reading the request to the beginning of the send that carries the answer: the new service's id.
    /// </summary>
    private static (double From, double Until) Exchange(List<SystemCall> calls, string name, string id)
    {
        var first = calls.FindIndex(c => c.Name is "recvmsg" or "recvfrom" or "read" && c.Text.Contains(name));
        Assert.True(first >= 0, $"the request for {name} was not seen");
        var request = calls[first];
        var answer = calls.Skip(first + 1).FirstOrDefault(c => c.File == request.File
            && c.Name is "sendmsg" or "sendto" or "write" or "writev" && c.Text.Contains(id, StringComparison.Ordinal));
        Assert.True(answer is not null, $"the answer to {name}, {id}, was not seen");
        return (request.Began, answer.Began);
    }
}
