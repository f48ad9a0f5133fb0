using System.Globalization;
using Swarm.Bench.RaftLog;

// raftlog DIRECTORY MEMBERS SECONDS RUNS: writes/s and latencies of a log of so many processes, at 1 to 256 clients.
// raftlog member DIRECTORY ID PORT: one of them; runs until its input ends.
if (args[0] == "member")
{
    var id = ulong.Parse(args[2], CultureInfo.InvariantCulture);
    await using var member = await Member.StartAsync(args[1], id, Number(3));
    Console.WriteLine("started");
    Console.In.ReadToEnd();
    return;
}

await using var cluster = await Cluster.StartAsync(args[0], Number(1));
await Figures.PrintAsync(cluster, TimeSpan.FromSeconds(Number(2)), Number(3));

int Number(int at) => int.Parse(args[at], CultureInfo.InvariantCulture);
