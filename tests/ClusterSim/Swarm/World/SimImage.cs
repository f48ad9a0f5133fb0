using Swarm.Protocol.V1;

namespace Swarm.ClusterSim.Orchestration;

/// <summary>How containers of an image behave; its name says it.</summary>
internal sealed class SimImage
{
    private static readonly string[] s_kinds = ["ok", "slow", "crash", "bad", "flaky", "exit", "job", "badjob"];
    private readonly string _kind;

    private SimImage(string kind) => _kind = kind;

    /// <summary>It cannot be pulled.</summary>
    public bool IsBad => _kind == "bad";

    /// <summary>Its containers never stay up.</summary>
    public bool NeverRuns => _kind is "bad" or "crash" or "exit";

    /// <summary>Its containers stay up.</summary>
    public bool StaysUp => _kind is "ok" or "slow";

    public static SimImage Of(AssignedTask task) => new(KindOf(task.Spec?.Container?.Image ?? ""));

    public static SimImage Of(ServiceSpec spec) => new(KindOf(spec.Task.Container.Image));

    public long PrepareUs(Dice dice) => Ms(dice, _kind == "slow" ? 800 : 20, _kind == "slow" ? 3_000 : 300);

    public long StartUs(Dice dice) => Ms(dice, 10, _kind == "slow" ? 1_500 : 200);

    public long StopUs(Dice dice, AssignedTask task)
    {
        var grace = (task.Spec?.Container?.StopGracePeriodNs ?? 0) / 1_000;
        return Math.Min(Ms(dice, 5, dice.OneIn(5) ? 3_000 : 200), Math.Max(grace, 1_000));
    }

    /// <summary>When a container that has just started ends by itself, and how; null = never.</summary>
    public (long AfterUs, int Code)? End(Dice dice) => _kind switch
    {
        "crash" => (Ms(dice, 50, 2_500), 1),
        "exit" => (Ms(dice, 50, 2_500), 0),
        "flaky" => dice.OneIn(4) ? (Ms(dice, 500, 20_000), 1) : null,
        "job" => (Ms(dice, 200, 3_000), dice.OneIn(6) ? 1 : 0),
        "badjob" => (Ms(dice, 200, 3_000), 1),
        _ => null,
    };

    private static string KindOf(string image)
    {
        var name = image.Split(':')[0];
        return s_kinds.Contains(name) ? name : "ok";
    }

    private static long Ms(Dice dice, int from, int to) => dice.Between(from, to) * Timeline.UsPerMs;
}
