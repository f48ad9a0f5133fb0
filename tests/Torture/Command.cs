using Swarm.Torture.Containers;

namespace Swarm.Torture;

/// <summary>From the command line to a verdict. Exit codes: 0 it holds, 1 it does not, 2 the command line is wrong.
/// </summary>
internal static class Command
{
    private const int Failed = 1;
    private const int Wrong = 2;

    private const string Usage = """
        usage: Torture VERB [OPTIONS]        against the lab that runs (./lab up)

          kill         rounds of kill -9 of random managers, up to all of them at once, under writes and reads
          stop-leader  rounds of SIGSTOP of the leader; it must not answer from the past when it goes on
          cut          rounds of partitions: the leader, a follower or everybody alone
          failover     kills of the leader, each measured up to the first accepted write
          cpu          every core busy with other work: the leader must stay

        against one host, of a lab of its own (./lab up --managers 1 --workers 0) or named by --host:

          runtime-kill rounds of kill -9 of the daemon while containers start, stop, end and eat memory
          leaks        starts and stops of containers; then mounts, namespaces, devices, files … are counted

          --rounds N     kill 100, stop-leader 5, cut 10      --kills N      failover 50
          --rate N       writes a second, all clients (200)   --clients N    writers (16)
          --readers N    (4)                                  --keys N       objects that are written (40)
          --pause S      how long stop-leader stops it (5)    --seconds N    cpu (120)
          --load N       busy processes a core, cpu (2)       --seed N       of all that is drawn (random)
          --max-p99 MS   failover: fails above it (1500)      --lab DIR      the lab's directory (.lab)
          --containers N at a time (20)                       --cycles N     starts and stops, leaks (1000)
          --host NAME    of a manager (the first)
          --history FILE writes down every operation
        """;

    internal static async Task<int> RunAsync(string[] args)
    {
        if (args is [] or ["--help" or "-h" or "help", ..])
        {
            Console.WriteLine(Usage);
            return args.Length == 0 ? Wrong : 0;
        }

        Options options;
        try
        {
            options = Options.Parse(args.AsSpan(1));
        }
        catch (FormatException e)
        {
            await Console.Error.WriteLineAsync($"torture: {e.Message}").ConfigureAwait(false);
            return Wrong;
        }

        var holds = await RunAsync(args[0], options).ConfigureAwait(false);
        return holds switch { true => 0, false => Failed, null => Wrong };
    }

    private static async Task<bool?> RunAsync(string verb, Options options)
    {
        var lab = new Lab(options.LabDirectory);
        var summary = new Summary(verb, options, lab);
        var holds = verb switch
        {
            "kill" => await HistoryRun.RunAsync(lab, options, summary, new KillRounds(lab, options)),
            "stop-leader" => await HistoryRun.RunAsync(lab, options, summary, new StopRounds(lab, options)),
            "cut" => await HistoryRun.RunAsync(lab, options, summary, new CutRounds(lab, options)),
            "failover" => await Failover.RunAsync(lab, options, summary),
            "cpu" => await BusyCores.RunAsync(lab, options, summary),
            "runtime-kill" => await RuntimeKill.RunAsync(lab, options, summary),
            "leaks" => await Leaks.RunAsync(lab, options, summary),
            _ => (bool?)null,
        };
        if (holds is null)
            await Console.Error.WriteLineAsync($"torture: there is no verb '{verb}'\n\n{Usage}").ConfigureAwait(false);
        else
            summary.Print(holds.Value);
        return holds;
    }
}
