using System.Text;

namespace Swarm.Scheduler;

/// <summary>Why a node cannot take a task, in the order in which the filters look.</summary>
internal enum Verdict
{
    NotReady,
    Resources,
    Constraints,
    Platform,
    HostPort,
    MaxReplicas,
    Fits,
}

/// <summary>Docker's sentence: the filter that refused most nodes comes first.</summary>
public static class Explanation
{
    private const string NoResources = "insufficient resources on ";
    private const string NoHostPort = "host-mode port already in use on ";
    private const string NoMoreReplicas = "max replicas per node limit exceed on ";

    /// <summary>Some node would fit if a task ended there; otherwise only a change of nodes or spec helps.</summary>
    public static bool IsForWantOfRoom(string explanation) =>
        explanation.Contains(NoResources, StringComparison.Ordinal)
        || explanation.Contains(NoHostPort, StringComparison.Ordinal)
        || explanation.Contains(NoMoreReplicas, StringComparison.Ordinal);

    internal static string Of(Verdict verdict)
    {
        var counts = new int[(int)Verdict.Fits + 1];
        counts[(int)verdict] = 1;
        return Of(counts);
    }

    /// <param name="counts">Nodes with each verdict.</param>
    internal static string Of(int[] counts)
    {
        var reasons = Enumerable.Range(0, (int)Verdict.Fits)
            .Where(v => counts[v] > 0)
            .OrderByDescending(v => counts[v])
            .Select(v => Reason((Verdict)v, counts[v]));
        var text = new StringBuilder("no suitable node");
        var list = string.Join("; ", reasons);
        return list.Length == 0 ? text.ToString() : text.Append(" (").Append(list).Append(')').ToString();
    }

    private static string Reason(Verdict verdict, int count)
    {
        var nodes = count == 1 ? "1 node" : $"{count} nodes";
        return verdict switch
        {
            Verdict.NotReady => $"{nodes} not available for new tasks",
            Verdict.Resources => NoResources + nodes,
            Verdict.Constraints => $"scheduling constraints not satisfied on {nodes}",
            Verdict.Platform => $"unsupported platform on {nodes}",
            Verdict.HostPort => NoHostPort + nodes,
            _ => NoMoreReplicas + nodes,
        };
    }
}
