using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using Swarm.Protocol.V1;

namespace Swarm.Bench;

/// <summary>
/// Users who change 50 labels a second through the API, whether the last change is answered or not, before and while a
/// service with very many replicas is planned. No node may take its tasks, so that what is measured are the managers.
/// </summary>
internal sealed class PlanBeside(string socket)
{
    private const int Users = 50;
    private static readonly TimeSpan Alone = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Beside = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(1.0 / Users);

    public async Task RunAsync(ulong replicas)
    {
        await using var writes = new LabelWrites(socket, Users);
        for (var user = 0; user < Users; user++)
            await writes.CreateAsync(user);
        await WriteAsync(writes, Alone); // until the compiler has settled
        Say("alone", await WriteAsync(writes, Alone));
        await using var client = new SwarmClient(socket);
        var created = await client.CallAsync<CreateServiceRequest, CreateServiceResponse>(
            "CreateService", new CreateServiceRequest { Spec = Huge(replicas), NoResolveImage = true });
        Say($"while {replicas} replicas are planned", await WriteAsync(writes, Beside));
        Console.WriteLine($"tasks made: {await CountAsync(client, created.Id)}");
        await client.CallAsync<RemoveServiceRequest, RemoveServiceResponse>(
            "RemoveService", new RemoveServiceRequest { Ref = created.Id });
        Say("while they are removed", await WriteAsync(writes, Beside));
        for (var user = 0; user < Users; user++)
            await writes.RemoveAsync(user);
    }

    /// <summary>Page by page.</summary>
    private static async Task<int> CountAsync(SwarmClient client, string service)
    {
        var (count, page) = (0, "");
        do
        {
            var answer = await client.CallAsync<ListTasksRequest, ListTasksResponse>(
                "ListTasks", new ListTasksRequest { Page = new Page { Token = page } });
            count += answer.Tasks.Count(t => t.ServiceId == service);
            page = answer.NextPageToken;
        }
        while (page.Length > 0);
        return count;
    }

    private static ServiceSpec Huge(ulong replicas) => new()
    {
        Name = "bench-huge",
        Replicated = new ReplicatedMode { Replicas = replicas },
        Task = new TaskSpec { Container = new ContainerSpec { Image = "bench/nothing:1" } },
    };

    /// <summary>Each user once a second; ms from the moment a write was due.</summary>
    private static async Task<List<double>> WriteAsync(LabelWrites writes, TimeSpan time)
    {
        var took = new ConcurrentBag<double>();
        var last = new Task[Users];
        Array.Fill(last, Task.CompletedTask);
        var clock = Stopwatch.StartNew();
        for (var i = 0; clock.Elapsed < time; i++)
        {
            var due = Period * i;
            if (due > clock.Elapsed)
                await Task.Delay(due - clock.Elapsed);
            last[i % Users] = OneAsync(last[i % Users], i % Users, due);
        }

        await Task.WhenAll(last);
        return [.. took.Order()];

        async Task OneAsync(Task before, int user, TimeSpan due)
        {
            await before; // a user's next change needs the version of the last one
            await writes.WriteAsync(user, 1);
            took.Add((clock.Elapsed - due).TotalMilliseconds);
        }
    }

    private static void Say(string what, List<double> sorted) => Console.WriteLine(string.Create(
        CultureInfo.InvariantCulture,
        $"{what}: {sorted.Count} writes, p50 {At(sorted, 0.5):f1}, p99 {At(sorted, 0.99):f1}, most {sorted[^1]:f1} ms"));

    private static double At(List<double> sorted, double share) => sorted[(int)(share * (sorted.Count - 1))];
}
