using System.Globalization;
using Swarm.Bench.RaftLog;
using Swarm.Manager;

// raftlog DIRECTORY MEMBERS SECONDS RUNS: writes/s and latencies of a log of so many processes, at 1 to 256 clients.
// raftlog plan DIRECTORY MEMBERS NODES TASKS: a large service through planner, store and log, and who writes meanwhile.
// raftlog member DIRECTORY ID PORT STATE: one of them; runs until its input ends.
if (args[0] == "member")
{
    var id = ulong.Parse(args[2], CultureInfo.InvariantCulture);
    await using var member = await Member.StartAsync(
        args[1], id, Number(3), args[4] == "store" ? new ClusterStore(TimeProvider.System) : null);
    Console.WriteLine("started");
    Console.In.ReadToEnd();
    return;
}

if (args[0] == "plan")
{
    await Planning.RunAsync(args[1], Number(2), Number(3), Number(4));
    return;
}

await using var cluster = await Cluster.StartAsync(args[0], Number(1));
await Figures.PrintAsync(cluster, TimeSpan.FromSeconds(Number(2)), Number(3));

int Number(int at) => int.Parse(args[at], CultureInfo.InvariantCulture);
