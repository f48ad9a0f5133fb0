using Swarm.Model;

namespace Swarm.Store;

/// <summary>
/// The forms of entries and snapshots. What a newer program can write is written only once every manager reads it
/// (<see cref="ClusterRecord.FormatVersion"/>); what an older one wrote is always read.
/// </summary>
public static class StoreFormat
{
    /// <summary>The form before there was a number.</summary>
    public const uint First = 1;

    /// <summary>Commands with ids; epoch, autolock, format and observation in the cluster object; jobs.</summary>
    public const uint Requests = 2;

    /// <summary>The newest form that this program reads and writes.</summary>
    public const uint Newest = Requests;

    /// <summary>The oldest form that can express an entry.</summary>
    public static uint NeededBy(StoreEntry entry) => entry.Actions
        .Select(NeededBy).Append(entry.Request is null ? First : Requests).Max();

    /// <summary>The oldest form that knows a kind of action with the fields that it uses.</summary>
    public static uint NeededBy(StoreAction action) => action switch
    {
        StoreAction.SetCluster { Cluster: var c } =>
            c is { Epoch: 0, AutoLock: false, UnlockKey.IsEmpty: true, FormatVersion: <= First, Observe: false }
                ? First
                : Requests,
        StoreAction.CreateService { Spec: var spec } when spec.IsJob() => Requests,
        StoreAction.CreateTask { Task.DesiredState: TaskState.Complete } => Requests,
        StoreAction.SetDesiredState { Desired: TaskState.Complete } => Requests,
        _ => First,
    };
}
