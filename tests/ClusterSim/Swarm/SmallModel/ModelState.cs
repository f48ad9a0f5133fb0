using System.Collections.Immutable;
using Swarm.Model;
using Swarm.Store;

namespace Swarm.ClusterSim.Orchestration;

/// <summary>What a node has of a task.</summary>
internal enum Piece
{
    None,
    Prepared,
    Running,

    /// <summary>It runs, and its successor was let go while its node was down: it did not have to wait.</summary>
    Overtaken,
}

/// <summary>What of a task is on a node.</summary>
internal readonly record struct ModelContainer(TaskId Task, NodeId Node, Piece Piece)
{
    public bool Runs => Piece is Piece.Running or Piece.Overtaken;
}

/// <summary>How a state was come to.</summary>
internal sealed record Trail(string Step, Trail? Before)
{
    public IEnumerable<string> Lines()
    {
        var lines = new List<string>();
        for (var at = this; at is not null; at = at.Before)
            lines.Add(at.Step);
        lines.Reverse();
        return lines;
    }
}

/// <summary>
/// One state of the small model: the log's state, the entry that is under way, the containers that really are on the
/// nodes, and what may still go wrong. A value; what of it decides about its future stands in <see cref="ModelKey"/>.
/// </summary>
internal sealed record ModelState(
    ClusterState Cluster, DateTimeOffset Now, ImmutableArray<ModelContainer> Containers, int Failures, int Updates)
{
    /// <summary>Of the entry that is under way what can still be applied; empty when none is.</summary>
    public ImmutableArray<StoreAction> UnderWay { get; init; } = [];

    /// <summary>The index of the state that the entry under way was planned on.</summary>
    public ulong PlannedOn { get; init; }

    /// <summary>What comes of the entry under way if it is committed now.</summary>
    public ApplyResult? Landing { get; init; }

    /// <summary>There is an update, past or to come.</summary>
    public bool HasUpdates { get; init; }

    /// <summary>
    /// It is being updated, or may be: more is asked about its tasks than of others, when they began to run and which
    /// of them do. Once every task that is wanted is of the last spec, nobody asks any more.
    /// </summary>
    public bool IsUpdated(ServiceId id)
    {
        if (!HasUpdates || id != SmallModelCommand.Services[0])
            return false;
        var service = Cluster.Services[id];
        return Updates > 0 || service.Update is { IsRunning: true } or { IsPaused: true }
            || Cluster.TasksOf(id).Any(t => t.IsWanted && t.SpecVersion != service.SpecVersion);
    }

    /// <summary>For names of tasks.</summary>
    public int Ids { get; init; }

    /// <summary>Steps that led here; null at the start.</summary>
    public Trail? Trail { get; init; }

    public bool IsPlanUnderWay => !UnderWay.IsEmpty;

    /// <summary>Nothing more will be done to it: what is left is to come to rest.</summary>
    public bool IsLeftAlone => Failures == 0 && Updates == 0;

    public Piece PieceOf(TaskId task)
    {
        foreach (var container in Containers)
        {
            if (container.Task == task)
                return container.Piece;
        }
        return Piece.None;
    }

    public ModelState With(TaskId task, NodeId node, Piece piece)
    {
        var left = Without(task);
        return left with { Containers = left.Containers.Add(new ModelContainer(task, node, piece)) };
    }

    public ModelState Without(TaskId task) =>
        PieceOf(task) == Piece.None ? this : this with { Containers = Containers.RemoveAll(c => c.Task == task) };
}
