using Swarm.Model;
using Swarm.Protocol.V1;

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

    /// <summary>
    /// Ulimits, sysctls and the OOM score of containers; generic resources of nodes, reservations and tasks.
    /// </summary>
    public const uint KernelAndGeneric = 3;

    /// <summary>Secrets and configs, and services that use them; health checks.</summary>
    public const uint PayloadsAndHealth = 4;

    /// <summary>Plans say which state they were made on.</summary>
    public const uint Plans = 5;

    /// <summary>Services that mount volumes.</summary>
    public const uint Volumes = 6;

    /// <summary>Services that carry credentials for registries.</summary>
    public const uint Registries = 7;

    /// <summary>Jobs that remove themselves; containers that are attached to before they start.</summary>
    public const uint Runs = 8;

    /// <summary>The newest form that this program reads and writes.</summary>
    public const uint Newest = Runs;

    /// <summary>The oldest form that can express an entry.</summary>
    public static uint NeededBy(StoreEntry entry)
    {
        var needed = entry.PlannedOn != 0 ? Plans : entry.Request is null ? First : Requests;
        foreach (var action in entry.Actions)
        {
            needed = Math.Max(needed, NeededBy(action));
        }

        return needed;
    }

    /// <summary>The oldest form that knows a kind of action with the fields that it uses.</summary>
    public static uint NeededBy(StoreAction action) => action switch
    {
        StoreAction.SetCluster { Cluster: var c } =>
            c is { Epoch: 0, AutoLock: false, UnlockKey.IsEmpty: true, FormatVersion: <= First, Observe: false }
                ? First
                : Requests,
        StoreAction.CreatePayload or StoreAction.UpdatePayloadSpec or StoreAction.RemovePayload => PayloadsAndHealth,
        StoreAction.CreateService { Registry: not null } or StoreAction.UpdateServiceSpec { Registry: not null } =>
            Math.Max(Registries, NeededBy(SpecOf(action))),
        StoreAction.CreateService or StoreAction.UpdateServiceSpec => NeededBy(SpecOf(action)),
        StoreAction.CreateTask { Task.Generic.IsEmpty: false } or StoreAction.AssignTask { Generic.IsEmpty: false } =>
            KernelAndGeneric,
        StoreAction.CreateTask { Task.DesiredState: TaskState.Complete } => Requests,
        StoreAction.SetDesiredState { Desired: TaskState.Complete } => Requests,
        _ => First,
    };

    /// <summary>What a node has stands in its description, which older managers keep as it is; only who gives it to
    /// tasks has to know what it is.</summary>
    private static uint NeededBy(ServiceSpec spec) =>
        spec.Task?.Container is { } r && (r.OpenStdin || r.AttachFirst)
            || spec is { ReplicatedJob.HasRemoveAfterNs: true } ? Runs
        : spec.Task?.Container is { } v && v.Mounts.Any(m => m.Type == Mount.Types.Type.Volume) ? Volumes
        : spec.Task?.Container is { } c && (c.Secrets.Count > 0 || c.Configs.Count > 0 || c.Health is not null)
            ? PayloadsAndHealth
        : spec.Task is { } task && (Knobs(task.Container) || Reserves(task)) ? KernelAndGeneric
        : spec.IsJob() ? Requests : First;

    private static bool Knobs(ContainerSpec? container) =>
        container is not null
        && (container.Ulimits.Count > 0 || container.Sysctls.Count > 0 || container.HasOomScoreAdj);

    private static ServiceSpec SpecOf(StoreAction action) => action switch
    {
        StoreAction.CreateService { Spec: var spec } => spec,
        StoreAction.UpdateServiceSpec { Spec: var spec } => spec,
        _ => new ServiceSpec(),
    };

    private static bool Reserves(TaskSpec task) => task.Reservations is { Generic.Count: > 0 };
}
