using System.Buffers.Binary;
using System.Collections.Immutable;
using Swarm.Model;
using Swarm.Protocol.V1;
using Swarm.Store;

namespace Swarm.ClusterSim.Orchestration;

/// <summary>
/// What of one slot decides about its future: its tasks, the oldest first, their containers, and what the plan under
/// way says about it. Times by what is left of them, tasks by their place.
/// </summary>
internal readonly ref struct SlotKeyWriter(
    ModelState state, ServiceRecord service, UpdateStatusRecord? update, bool swapped)
{
    private const byte Mark = 0xFF;

    /// <summary>Its slots are not interchangeable.</summary>
    public bool IsOrdered { get; } = state.IsUpdated(service.Id);

    public int Write(SlotKey key, Span<byte> bytes)
    {
        var output = new Output { Bytes = bytes };
        var slot = state.Cluster.SlotsOf(key.ServiceId)[key];
        output.Add(Mark);
        Tasks(slot, ref output);
        foreach (var action in state.UnderWay)
            Action(action, key, slot, ref output);
        return output.Length;
    }

    private void Tasks(ImmutableArray<TaskId> slot, ref Output output)
    {
        TaskRecord? attempt = null;
        var hasWanted = false;
        for (var i = 0; i < slot.Length; i++)
        {
            var task = state.Cluster.Tasks[slot[i]];
            var isOfUpdate = update is not null && task.SpecVersion == service.SpecVersion
                && task.CreatedAt >= update.StartedAt;
            attempt ??= isOfUpdate ? task : null;
            hasWanted |= task.IsWanted;
            if (!task.Status.State.IsTerminal() || task.IsWanted || isOfUpdate || (i == slot.Length - 1 && !hasWanted))
                Task(task, isOfUpdate, ref output);
        }
        if (attempt is null)
            return;
        var endedSince = false;
        foreach (var id in slot)
        {
            var task = state.Cluster.Tasks[id];
            endedSince |= task.Status.State.IsTerminal() && task.Status.AppliedAt >= attempt.CreatedAt;
        }
        output.Add((byte)(endedSince ? 2 : 1));
    }

    private void Task(TaskRecord task, bool isOfUpdate, ref Output output)
    {
        var ended = task.Status.State.IsTerminal();
        var flags = task.SpecVersion == service.SpecVersion ? 0 : 1;
        flags |= isOfUpdate ? 2 : 0;
        flags |= isOfUpdate && ended && state.Cluster.RunningSince(task) is not null ? 4 : 0;
        var (seen, piece) = Seen(task);
        output.Add(Short(seen));
        output.Add(Short(task.DesiredState));
        output.Add(Node(task.NodeId));
        output.Add((byte)(((int)piece << 4) + flags));
        output.Add(Left(task.StartNotBefore));
        if (ended)
        {
            var at = task.StartNotBefore > task.Status.AppliedAt ? task.StartNotBefore : task.Status.AppliedAt;
            output.Add(Left(at + (service.Spec.Task ?? new TaskSpec()).RestartDelayOrDefault()));
        }
        if (task.Status.State < TaskState.Assigned)
            output.Add(task.Status.Error);
    }

    /// <summary>
    /// Where no update asks when a task began to run: one that is to stop stops in one step, however far it has come,
    /// and one whose container is lost is reported lost.
    /// </summary>
    private (TaskState Seen, Piece Piece) Seen(TaskRecord task)
    {
        var (seen, piece) = (task.Status.State, state.PieceOf(task.Id));
        return IsOrdered || seen < TaskState.Assigned || seen.IsTerminal() ? (seen, piece)
            : !task.IsWanted ? (TaskState.Assigned, piece == Piece.Running ? piece : Piece.None)
            : seen >= TaskState.Ready && piece == Piece.None ? (TaskState.Running, piece)
            : (seen, piece);
    }

    private void Action(StoreAction action, SlotKey key, ImmutableArray<TaskId> slot, ref Output output)
    {
        switch (action)
        {
            case StoreAction.CreateTask { Task: var task } when task.Key == key:
                output.Add(Mark);
                output.Add(Short(task.DesiredState));
                output.Add(Node(task.NodeId));
                output.Add(Left(task.StartNotBefore));
                output.Add(task.Status.Error);
                break;
            case StoreAction.SetDesiredState a when slot.IndexOf(a.Id) is >= 0 and var i:
                output.Add(0xFE, slot.Length - i);
                output.Add(Short(a.Desired));
                break;
            case StoreAction.AssignTask a when slot.IndexOf(a.Id) is >= 0 and var i:
                output.Add(0xFD, slot.Length - i);
                output.Add(Node(a.Node));
                break;
            case StoreAction.DeleteTask a when slot.IndexOf(a.Id) is >= 0 and var i:
                output.Add(0xFC, slot.Length - i);
                break;
            case StoreAction.ExplainTask a when slot.IndexOf(a.Id) is >= 0 and var i:
                output.Add(0xFB, slot.Length - i);
                output.Add(a.Explanation);
                break;
            case StoreAction.CreateTask or StoreAction.SetDesiredState or StoreAction.AssignTask
                or StoreAction.DeleteTask or StoreAction.ExplainTask or StoreAction.SetUpdateStatus:
                break;
            default:
                throw new InvariantException($"the small model knows no action of kind {action.GetType().Name}");
        }
    }

    private static byte Short(TaskState state) => (byte)((int)state / 32);

    private byte Node(NodeId node) => node.IsNone ? (byte)0
        : node == SmallModelCommand.Nodes[0] == swapped ? (byte)2 : (byte)1;

    /// <summary>Milliseconds until then; nobody asks how long ago it was.</summary>
    private uint Left(DateTimeOffset? at) => at is { } time && time > state.Now
        ? checked((uint)((time - state.Now).Ticks / TimeSpan.TicksPerMillisecond))
        : 0;

    private ref struct Output
    {
        public Span<byte> Bytes;
        public int Length;

        public void Add(byte value) => Bytes[Length++] = value;

        public void Add(byte kind, int task)
        {
            Add(kind);
            Add((byte)task);
        }

        public void Add(string text) => Add(text.Length == 0 ? 0 : StableHash.Of(text));

        public void Add(uint value)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(Bytes[Length..], value);
            Length += sizeof(uint);
        }
    }
}
