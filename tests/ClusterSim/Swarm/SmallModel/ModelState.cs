using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using Swarm.Model;
using Swarm.Protocol.V1;
using Swarm.Store;

namespace Swarm.ClusterSim.Orchestration;

/// <summary>What a node has of a task.</summary>
internal enum Piece
{
    Prepared,
    Running,

    /// <summary>It runs, and its node has been cut off since: its successor did not have to wait for it.</summary>
    Overtaken,
    Ended,
}

/// <summary>
/// One state of the small model: the log's state, the entry that is under way, the containers that really are on the
/// nodes, and what may still go wrong. A value; two states with the same key have the same future.
/// </summary>
internal sealed record ModelState(
    ClusterState Cluster,
    DateTimeOffset Now,
    ImmutableSortedDictionary<TaskId, (NodeId Node, Piece Piece)> Containers,
    ImmutableArray<StoreAction> UnderWay,
    int Failures,
    int Updates,
    int Ids)
{
    /// <summary>A stop, its grace and what the planner adds to it.</summary>
    private const long LongestWaitMs = 80_000;

    /// <summary>The index of the state that the entry under way was planned on.</summary>
    public ulong PlannedOn { get; init; }

    /// <summary>Tasks by their place in their slot, times by what is left of them.</summary>
    public string Key()
    {
        var text = new StringBuilder(512);
        var names = Names();
        foreach (var node in Cluster.Nodes.Values.OrderBy(n => n.Id))
            text.Append(node.Id.Value).Append((int)node.State).Append(IsNews(node.Version) ? '*' : ' ');
        foreach (var service in Cluster.Services.Values.OrderBy(s => s.Id))
        {
            var old = service.KeptSpecs.Keys.ToList();
            text.Append(service.Id).Append((int)(service.Update?.State ?? 0)).Append('@')
                .Append(Left(service.Update?.StartedAt)).Append('v').Append(old.IndexOf(service.SpecVersion))
                .Append(' ');
            foreach (var task in Tasks(service))
            {
                text.Append(names[task.Id]).Append(IsNews(task.Version) ? '*' : 'v')
                    .Append(old.IndexOf(task.SpecVersion)).Append(' ').Append((int)task.Status.State);
                if (!IsPast(task))
                    text.Append(task.NodeId).Append(' ').Append((int)task.DesiredState).Append('@')
                        .Append(Left(task.StartNotBefore)).Append(',').Append(Left(task.Status.AppliedAt)).Append(',')
                        .Append(Left(task.CreatedAt)).Append(',').Append(Left(Cluster.RunningSince(task)));
                if (Containers.TryGetValue(task.Id, out var container))
                    text.Append((char)('a' + (int)container.Piece));
                text.Append(';');
            }
        }
        foreach (var (task, stray) in Containers.Where(c => !names.ContainsKey(c.Key)))
            text.Append('!').Append(stray.Node).Append((int)stray.Piece);
        foreach (var action in UnderWay)
            text.Append('|').Append(Name(action, names));
        return text.Append('#').Append(Failures).Append('/').Append(Updates).ToString();
    }

    /// <summary>The plan that is under way did not know it.</summary>
    private bool IsNews(ulong version) => !UnderWay.IsEmpty && version > PlannedOn;

    private Dictionary<TaskId, string> Names() => Cluster.Services.Values
        .SelectMany(s => Tasks(s).GroupBy(t => t.Slot)
            .SelectMany(g => g.Select((t, i) => (t.Id, Name: $"{s.Id}{g.Key}.{i}"))))
        .ToDictionary(t => t.Id, t => t.Name);

    private IEnumerable<TaskRecord> Tasks(ServiceRecord service) =>
        Cluster.TasksOf(service.Id).OrderBy(t => t.Slot).ThenBy(t => t.CreatedAt).ThenBy(t => t.Id);

    /// <summary>
    /// It has ended and another came after it: of these specs, which limit no attempts and wait for no delay of an
    /// update, nobody asks when that was.
    /// </summary>
    private bool IsPast(TaskRecord task) => task.Status.State.IsTerminal()
        && Cluster.SlotsOf(task.ServiceId)[task.Key][^1] != task.Id;

    /// <summary>In milliseconds; what is longer ago than anything waits for is all the same.</summary>
    private long Left(DateTimeOffset? at) =>
        at is { } time ? Math.Max((time - Now).Ticks / TimeSpan.TicksPerMillisecond, -LongestWaitMs) : 1;

    private static string Name(StoreAction action, Dictionary<TaskId, string> names) => action switch
    {
        StoreAction.CreateTask a => string.Create(
            CultureInfo.InvariantCulture,
            $"c{a.Task.ServiceId}{a.Task.Slot}{a.Task.NodeId}{(int)a.Task.DesiredState}{a.Task.StartNotBefore?.Ticks}"),
        StoreAction.SetDesiredState a => $"d{names.GetValueOrDefault(a.Id)}{(int)a.Desired}",
        StoreAction.DeleteTask a => $"x{names.GetValueOrDefault(a.Id)}",
        StoreAction.AssignTask a => $"a{names.GetValueOrDefault(a.Id)}{a.Node}",
        StoreAction.ExplainTask a => $"e{names.GetValueOrDefault(a.Id)}{a.Explanation}",
        StoreAction.SetUpdateStatus a => $"u{a.Id}{a.Status?.State}",
        _ => action.ToString(),
    };
}
