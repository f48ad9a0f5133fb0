using System.Text.Json;

namespace Swarm.Node.Recovery;

/// <summary>What a manager is after its log was begun anew.</summary>
internal sealed record LogSwitchPlan(ulong Epoch, MemberState Member)
{
    /// <summary>IP:PORT of the managers that are no members of the new epoch.</summary>
    public IReadOnlyList<string> LeftBehind { get; init; } = [];
}

/// <summary>
/// Exchanges a manager's log, epoch and addresses together. The new log is written aside; then a plan on disk is the
/// point of no return, and whoever starts next finishes what it says. Every step may be repeated.
/// </summary>
internal sealed class LogSwitch(NodePaths paths)
{
    /// <summary>Where the new log is written.</summary>
    internal string NextLog => paths.Raft + ".next";

    private string PlanFile => Path.Combine(paths.DataDir, "switch.json");

    /// <summary>Removes what an attempt left that did not come to its plan.</summary>
    internal void Clear() => Delete(NextLog);

    /// <summary>From here on the new log is the one of this node.</summary>
    internal void Commit(LogSwitchPlan plan)
    {
        DurableFile.Write(PlanFile, JsonSerializer.SerializeToUtf8Bytes(plan));
        Finish();
    }

    /// <summary>Does what is left of a plan; nothing when there is none.</summary>
    /// <exception cref="IOException">The plan cannot be read.</exception>
    internal void Finish()
    {
        if (!File.Exists(PlanFile))
        {
            Clear();
            return;
        }

        var plan = Read();
        if (Directory.Exists(NextLog))
        {
            Delete(paths.Raft);
            Directory.Move(NextLog, paths.Raft);
        }

        // Each of these also forces the rename to the disk: they are in the same directory.
        plan.Member.Save(paths.Member);
        new EpochFile(paths.Epoch).Raise(plan.Epoch);
        new LeftBehindFile(paths.LeftBehind).Add(plan.LeftBehind);
        File.Delete(paths.Superseded);
        File.Delete(PlanFile);
    }

    private LogSwitchPlan Read()
    {
        try
        {
            return JsonSerializer.Deserialize<LogSwitchPlan>(File.ReadAllBytes(PlanFile))
                ?? throw new IOException($"{PlanFile} is empty");
        }
        catch (JsonException e)
        {
            throw new IOException($"{PlanFile} cannot be read: {e.Message}", e);
        }
    }

    private static void Delete(string directory)
    {
        if (Directory.Exists(directory))
        {
            Directory.Delete(directory, recursive: true);
        }
    }
}
