using System.Collections.Immutable;
using Google.Protobuf;
using Swarm.Model;
using Swarm.Protocol.V1;
using TaskStatus = Swarm.Protocol.V1.TaskStatus;

namespace Swarm.Store;

/// <summary>
/// Records as messages and back. The specs inside are the very documents of the record: readers must not modify
/// them. Fields that are for answers only (names, counts) are left to the one who answers.
/// </summary>
public static class Views
{
    /// <summary>A task.</summary>
    public static TaskView ToView(TaskRecord task)
    {
        var view = new TaskView
        {
            Id = task.Id.Value,
            ServiceId = task.ServiceId.Value,
            SpecVersion = task.SpecVersion,
            Slot = task.Slot,
            NodeId = task.NodeId.ToString(),
            DesiredState = (int)task.DesiredState,
            Status = ToView(task.Status),
            CreatedAtNs = Timestamps.ToNs(task.CreatedAt),
            UpdatedAtNs = Timestamps.ToNs(task.UpdatedAt),
            Version = task.Version,
            StartNotBeforeNs = Timestamps.ToNs(task.StartNotBefore),
        };
        view.HostPorts.Add(task.HostPorts);
        view.Generic.Add(task.Generic);
        return view;
    }

    /// <summary>A status.</summary>
    public static TaskStatus ToView(TaskStatusRecord status)
    {
        var view = new TaskStatus
        {
            State = (int)status.State,
            AtNs = Timestamps.ToNs(status.At),
            AppliedAtNs = Timestamps.ToNs(status.AppliedAt),
            Message = status.Message,
            Error = status.Error,
            ContainerId = status.ContainerId,
            Pid = status.Pid,
            OutOfMemory = status.OutOfMemory,
            Address = status.Address,
        };
        if (status.ExitCode is { } code)
        {
            view.ExitCode = code;
        }

        return view;
    }

    /// <summary>A service without the specs that it keeps and the credentials that it carries.</summary>
    public static ServiceView ToView(ServiceRecord service)
    {
        var view = new ServiceView
        {
            Id = service.Id.Value,
            Version = service.Version,
            CreatedAtNs = Timestamps.ToNs(service.CreatedAt),
            UpdatedAtNs = Timestamps.ToNs(service.UpdatedAt),
            Spec = service.Spec,
            SpecVersion = service.SpecVersion,
            PreviousSpec = service.PreviousSpec,
            PreviousSpecVersion = service.PreviousSpecVersion,
            UpdateStatus = ToView(service.Update),
            Removing = service.Removing,
            JobIteration = service.JobIteration,
            JobSpecVersion = service.JobSpecVersion,
            JobStartedAtNs = Timestamps.ToNs(service.JobStartedAt),
        };
        view.Ports.Add(service.Ports);
        return view;
    }

    /// <summary>A service with everything: for the log and snapshots, never for an answer.</summary>
    internal static ServiceView ToSecretView(ServiceRecord service)
    {
        var view = ToView(service);
        view.KeptSpecs.Add(service.KeptSpecs.Select(s => new SpecAtVersion { Version = s.Key, Spec = s.Value }));
        view.Registries.Add(service.Registries.Select(r => r.ToMessage()));
        return view;
    }

    /// <summary>How far an update is; null = none.</summary>
    public static UpdateStatus? ToView(UpdateStatusRecord? status) => status is null
        ? null
        : new UpdateStatus
        {
            State = status.State,
            StartedAtNs = Timestamps.ToNs(status.StartedAt),
            CompletedAtNs = Timestamps.ToNs(status.CompletedAt),
            Message = status.Message,
        };

    /// <summary>A node.</summary>
    public static NodeView ToView(NodeRecord node) => new()
    {
        Id = node.Id.ToString(),
        Version = node.Version,
        CreatedAtNs = Timestamps.ToNs(node.CreatedAt),
        UpdatedAtNs = Timestamps.ToNs(node.UpdatedAt),
        Spec = node.Spec,
        Description = node.Description,
        Role = node.Role,
        Status = new NodeStatus
        {
            State = node.State,
            Message = node.StateMessage,
            Address = node.Address,
            ChangedAtNs = Timestamps.ToNs(node.StateChangedAt),
        },
        NetworkIndex = node.NetworkIndex,
    };

    /// <summary>A secret or config without its data.</summary>
    public static PayloadView ToView(PayloadRecord payload) => new()
    {
        Id = payload.Id.Value,
        Kind = payload.Kind,
        Version = payload.Version,
        CreatedAtNs = Timestamps.ToNs(payload.CreatedAt),
        UpdatedAtNs = Timestamps.ToNs(payload.UpdatedAt),
        Spec = payload.Spec,
    };

    /// <summary>With its data: for the log and snapshots.</summary>
    internal static PayloadView ToSecretView(PayloadRecord payload)
    {
        var view = ToView(payload);
        view.Data = payload.Data;
        return view;
    }

    /// <summary>A secret or config.</summary>
    public static PayloadRecord FromView(PayloadView view) => new()
    {
        Id = new PayloadId(view.Id),
        Kind = view.Kind,
        Version = view.Version,
        CreatedAt = Timestamps.FromNs(view.CreatedAtNs),
        UpdatedAt = Timestamps.FromNs(view.UpdatedAtNs),
        Spec = view.Spec ?? new PayloadSpec(),
        Data = view.Data,
    };

    /// <summary>The cluster without its keys and token secrets.</summary>
    public static ClusterView ToView(ClusterRecord cluster) => new()
    {
        Id = cluster.Id.ToString(),
        Version = cluster.Version,
        CreatedAtNs = Timestamps.ToNs(cluster.CreatedAt),
        UpdatedAtNs = Timestamps.ToNs(cluster.UpdatedAt),
        Spec = cluster.Spec,
        RootCertificatePem = cluster.RootCertificatePem,
        Epoch = cluster.Epoch,
        AutoLock = cluster.AutoLock,
        FormatVersion = cluster.FormatVersion,
        Observe = cluster.Observe,
    };

    /// <summary>The cluster with everything secret in it: for the log and snapshots, never for an answer.</summary>
    internal static ClusterView ToSecretView(ClusterRecord cluster)
    {
        var view = ToView(cluster);
        view.RootKeyPem = cluster.RootKeyPem;
        view.WorkerTokenSecret = ByteString.CopyFrom(cluster.WorkerTokenSecret.AsSpan());
        view.ManagerTokenSecret = ByteString.CopyFrom(cluster.ManagerTokenSecret.AsSpan());
        view.UnlockKey = ByteString.CopyFrom(cluster.UnlockKey.AsSpan());
        return view;
    }

    /// <summary>A task.</summary>
    public static TaskRecord FromView(TaskView view) => new()
    {
        Id = new TaskId(view.Id),
        ServiceId = new ServiceId(view.ServiceId),
        SpecVersion = view.SpecVersion,
        Slot = view.Slot,
        NodeId = view.NodeId.Length == 0 ? default : new NodeId(view.NodeId),
        DesiredState = (TaskState)view.DesiredState,
        Status = FromView(view.Status ?? new TaskStatus()),
        CreatedAt = Timestamps.FromNs(view.CreatedAtNs),
        UpdatedAt = Timestamps.FromNs(view.UpdatedAtNs),
        Version = view.Version,
        StartNotBefore = Timestamps.FromNsOrNull(view.StartNotBeforeNs),
        HostPorts = [.. view.HostPorts],
        Generic = [.. view.Generic],
    };

    /// <summary>A status.</summary>
    public static TaskStatusRecord FromView(TaskStatus view) => new()
    {
        State = (TaskState)view.State,
        At = Timestamps.FromNs(view.AtNs),
        AppliedAt = Timestamps.FromNs(view.AppliedAtNs),
        Message = view.Message,
        Error = view.Error,
        ContainerId = view.ContainerId,
        Pid = view.Pid,
        ExitCode = view.HasExitCode ? view.ExitCode : null,
        OutOfMemory = view.OutOfMemory,
        Address = view.Address,
    };

    /// <summary>A service; the specs it keeps only when the view carries them.</summary>
    public static ServiceRecord FromView(ServiceView view) => new()
    {
        Id = new ServiceId(view.Id),
        Version = view.Version,
        CreatedAt = Timestamps.FromNs(view.CreatedAtNs),
        UpdatedAt = Timestamps.FromNs(view.UpdatedAtNs),
        Spec = view.Spec ?? new ServiceSpec(),
        SpecVersion = view.SpecVersion,
        PreviousSpec = view.PreviousSpec,
        PreviousSpecVersion = view.PreviousSpecVersion,
        KeptSpecs = view.KeptSpecs.ToImmutableSortedDictionary(s => s.Version, s => s.Spec ?? new ServiceSpec()),
        Update = FromView(view.UpdateStatus),
        Ports = [.. view.Ports],
        Registries = [.. view.Registries.Select(RegistryLogin.Of)],
        Removing = view.Removing,
        JobIteration = view.JobIteration,
        JobSpecVersion = view.JobSpecVersion,
        JobStartedAt = Timestamps.FromNsOrNull(view.JobStartedAtNs),
    };

    /// <summary>How far an update is; null = none.</summary>
    public static UpdateStatusRecord? FromView(UpdateStatus? view) => view is null
        ? null
        : new UpdateStatusRecord(
            view.State, Timestamps.FromNs(view.StartedAtNs), Timestamps.FromNsOrNull(view.CompletedAtNs), view.Message);

    /// <summary>A node.</summary>
    public static NodeRecord FromView(NodeView view) => new()
    {
        Id = new NodeId(view.Id),
        Version = view.Version,
        CreatedAt = Timestamps.FromNs(view.CreatedAtNs),
        UpdatedAt = Timestamps.FromNs(view.UpdatedAtNs),
        Spec = view.Spec ?? new NodeSpec(),
        Description = view.Description,
        Role = view.Role,
        State = view.Status?.State ?? NodeStatus.Types.State.Unknown,
        StateMessage = view.Status?.Message ?? "",
        Address = view.Status?.Address ?? "",
        StateChangedAt = Timestamps.FromNs(view.Status?.ChangedAtNs ?? 0),
        NetworkIndex = view.NetworkIndex,
    };

    /// <summary>The cluster.</summary>
    internal static ClusterRecord FromView(ClusterView view) => new()
    {
        Id = new ClusterId(view.Id),
        Version = view.Version,
        CreatedAt = Timestamps.FromNs(view.CreatedAtNs),
        UpdatedAt = Timestamps.FromNs(view.UpdatedAtNs),
        Spec = view.Spec ?? new ClusterSpec(),
        RootCertificatePem = view.RootCertificatePem,
        RootKeyPem = view.RootKeyPem,
        WorkerTokenSecret = [.. view.WorkerTokenSecret],
        ManagerTokenSecret = [.. view.ManagerTokenSecret],
        Epoch = view.Epoch,
        AutoLock = view.AutoLock,
        UnlockKey = [.. view.UnlockKey],
        FormatVersion = view.FormatVersion,
        Observe = view.Observe,
    };
}
