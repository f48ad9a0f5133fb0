using System.Text.Json.Nodes;
using Swarm.Ctl.Verbs;
using Swarm.Model;
using Swarm.Protocol.V1;

namespace Swarm.Ctl.Format;

/// <summary>Objects in the shape that docker's `inspect` gives them, so that scripts with --format keep
/// working.</summary>
internal static class DockerJson
{
    internal static JsonObject Service(ServiceView view)
    {
        var json = Meta(view.Id, view.Version, view.CreatedAtNs, view.UpdatedAtNs);
        json["Spec"] = SpecJson.Service(view.Spec);
        if (view.PreviousSpec is not null)
        {
            json["PreviousSpec"] = SpecJson.Service(view.PreviousSpec);
        }

        var endpoint = new JsonObject { ["Spec"] = SpecJson.Endpoint(view.Spec.Endpoint?.Ports) };
        if (view.Ports.Count > 0)
        {
            endpoint["Ports"] = SpecJson.Ports(view.Ports);
        }

        json["Endpoint"] = endpoint;
        if (view.Spec.IsJob())
        {
            json["JobStatus"] = new JsonObject
            {
                ["JobIteration"] = new JsonObject { ["Index"] = view.JobIteration },
                ["LastExecution"] = Ago.Json(view.JobStartedAtNs),
            };
        }

        if (view.UpdateStatus is { } status)
        {
            var update = new JsonObject
            {
                ["State"] = Words.Update(status.State),
                ["StartedAt"] = Ago.Json(status.StartedAtNs),
            };
            if (status.CompletedAtNs > 0)
            {
                update["CompletedAt"] = Ago.Json(status.CompletedAtNs);
            }

            update["Message"] = status.Message;
            json["UpdateStatus"] = update;
        }

        return json;
    }

    internal static JsonObject Task(TaskView view)
    {
        var json = Meta(view.Id, view.Version, view.CreatedAtNs, view.UpdatedAtNs);
        json["Labels"] = new JsonObject();
        json["Spec"] = view.Spec is null ? new JsonObject() : SpecJson.Task(view.Spec);
        json["ServiceID"] = view.ServiceId;
        if (view.Slot > 0)
        {
            json["Slot"] = view.Slot;
        }

        if (view.NodeId.Length > 0)
        {
            json["NodeID"] = view.NodeId;
        }

        json["Status"] = Status(view);
        json["DesiredState"] = Words.State(view.DesiredState).ToLowerInvariant();
        return json;
    }

    internal static JsonObject Node(GetNodeResponse answer)
    {
        var view = answer.Node;
        var json = Meta(view.Id, view.Version, view.CreatedAtNs, view.UpdatedAtNs);
        json["Spec"] = new JsonObject
        {
            ["Labels"] = SpecJson.Map(view.Spec.Labels),
            ["Role"] = Words.DesiredRole(view),
            ["Availability"] = Words.Availability(view.Spec).ToLowerInvariant(),
        };
        json["Description"] = new JsonObject
        {
            ["Hostname"] = view.Description?.Hostname ?? "",
            ["Platform"] = new JsonObject
            {
                ["Architecture"] = view.Description?.Platform?.Architecture ?? "",
                ["OS"] = view.Description?.Platform?.Os ?? "",
            },
            ["Resources"] = new JsonObject
            {
                ["NanoCPUs"] = view.Description?.Resources?.NanoCpus ?? 0,
                ["MemoryBytes"] = view.Description?.Resources?.MemoryBytes ?? 0,
                ["GenericResources"] = SpecJson.Generic(view.Description?.Resources?.Generic ?? []),
            },
            ["Engine"] = new JsonObject
            {
                ["EngineVersion"] = view.Description?.EngineVersion ?? "",
                ["Labels"] = SpecJson.Map(view.Description?.EngineLabels),
            },
            ["TLSInfo"] = new JsonObject { ["TrustRoot"] = answer.RootCertificatePem },
        };
        var status = new JsonObject { ["State"] = view.Status.State.ToString().ToLowerInvariant() };
        if (view.Status.Message.Length > 0)
        {
            status["Message"] = view.Status.Message;
        }

        status["Addr"] = view.Status.Address;
        json["Status"] = status;
        if (view.ManagerStatus is { } manager)
        {
            json["ManagerStatus"] = new JsonObject
            {
                ["Leader"] = manager.Leader,
                ["Reachability"] = manager.Reachable ? "reachable" : "unreachable",
                ["Addr"] = manager.Address,
            };
        }

        return json;
    }

    internal static JsonObject Info(GetInfoResponse info) => new()
    {
        ["ServerVersion"] = info.Version,
        ["Name"] = info.Description?.Hostname ?? "",
        ["Containers"] = info.ContainersRunning + info.ContainersStopped,
        ["ContainersRunning"] = info.ContainersRunning,
        ["ContainersStopped"] = info.ContainersStopped,
        ["Images"] = info.Images,
        ["DefaultRuntime"] = info.Description?.Runtime ?? "",
        ["KernelVersion"] = info.KernelVersion,
        ["OperatingSystem"] = info.OperatingSystem,
        ["NCPU"] = (info.Description?.Resources?.NanoCpus ?? 0) / 1_000_000_000,
        ["MemTotal"] = info.Description?.Resources?.MemoryBytes ?? 0,
        ["DockerRootDir"] = info.DataDir,
        ["Swarm"] = new JsonObject
        {
            ["NodeID"] = info.NodeId,
            ["NodeAddr"] = info.NodeAddress,
            ["LocalNodeState"] = info.SwarmState,
            ["ControlAvailable"] = info.Role == NodeRole.Manager,
            ["Error"] = info.SwarmError,
            ["RemoteManagers"] = new JsonArray([.. RemoteManagers(info)]),
            ["Nodes"] = info.Nodes,
            ["Managers"] = info.Managers,
            ["Cluster"] = new JsonObject
            {
                ["ID"] = info.ClusterId,
                ["Spec"] = new JsonObject
                {
                    ["EncryptionConfig"] = new JsonObject { ["AutoLockManagers"] = info.AutoLock },
                },
            },
            ["Raft"] = info.Raft is null ? null : RaftJson.Of(info.Raft),
        },
    };

    /// <summary>A worker knows addresses only.</summary>
    private static IEnumerable<JsonNode> RemoteManagers(GetInfoResponse info) =>
        info.Raft is { Members.Count: > 0 } raft
        ? raft.Members.Select(m => new JsonObject { ["NodeID"] = m.NodeId, ["Addr"] = m.Address })
        : info.ManagerAddresses.Select(a => new JsonObject { ["NodeID"] = "", ["Addr"] = a });

    private static JsonObject Status(TaskView view)
    {
        var status = new JsonObject
        {
            ["Timestamp"] = Ago.Json(view.Status.AtNs),
            ["State"] = Words.State(view.Status.State).ToLowerInvariant(),
            ["Message"] = view.Status.Message,
        };
        if (view.Status.Error.Length > 0)
        {
            status["Err"] = view.Status.Error;
        }

        if (view.Status.ContainerId.Length > 0)
        {
            status["ContainerStatus"] = new JsonObject
            {
                ["ContainerID"] = view.Status.ContainerId,
                ["PID"] = view.Status.Pid,
                ["ExitCode"] = view.Status.ExitCode,
                ["OOMKilled"] = view.Status.OutOfMemory,
                ["Address"] = view.Status.Address,
            };
        }

        status["PortStatus"] = view.HostPorts.Count > 0
            ? new JsonObject { ["Ports"] = SpecJson.Ports(view.HostPorts) }
            : new JsonObject();
        return status;
    }

    private static JsonObject Meta(string id, ulong version, long createdNs, long updatedNs) => new()
    {
        ["ID"] = id,
        ["Version"] = new JsonObject { ["Index"] = version },
        ["CreatedAt"] = Ago.Json(createdNs),
        ["UpdatedAt"] = Ago.Json(updatedNs),
    };
}
