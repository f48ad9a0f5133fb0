using System.Globalization;
using System.Text.Json.Nodes;
using Swarm.Protocol.V1;

namespace Swarm.Ctl.Format;

/// <summary>A container as docker's API shows it: what there is here, under docker's names.</summary>
internal static class ContainerJson
{
    private const string Never = "0001-01-01T00:00:00Z";

    internal static JsonObject Document(InspectContainerResponse answer)
    {
        var (view, details) = (answer.Container, answer.Details);
        return new JsonObject
        {
            ["Id"] = view.Id,
            ["Created"] = Time(view.CreatedNs),
            ["Path"] = view.Command.FirstOrDefault() ?? "",
            ["Args"] = Texts(view.Command.Skip(1)),
            ["State"] = State(view),
            ["Image"] = view.ImageDigest,
            ["LogPath"] = details.LogPath,
            ["Name"] = "/" + view.Name,
            ["RestartCount"] = 0,
            ["Driver"] = "overlay",
            ["Platform"] = "linux",
            ["HostConfig"] = Host(view, details),
            ["Mounts"] = new JsonArray([.. view.Mounts.Select(m => (JsonNode)Mount(m))]),
            ["Config"] = Config(view, details),
            ["NetworkSettings"] = new JsonObject
            {
                ["IPAddress"] = view.Address, ["Ports"] = Bindings(view),
            },
            ["Service"] = view.ServiceName.Length > 0
                ? new JsonObject { ["ID"] = view.ServiceId, ["Name"] = view.ServiceName }
                : null,
        };
    }

    private static JsonObject State(ContainerView view)
    {
        var state = new JsonObject
        {
            ["Status"] = ContainerRows.State(view),
            ["Running"] = view.State == ContainerView.Types.State.Running,
            ["Paused"] = false,
            ["Restarting"] = false,
            ["OOMKilled"] = view.OutOfMemory,
            ["Dead"] = false,
            ["Pid"] = view.Pid,
            ["ExitCode"] = view.ExitCode,
            ["Error"] = view.Error,
            ["StartedAt"] = Time(view.StartedNs),
            ["FinishedAt"] = Time(view.FinishedNs),
        };
        if (view.Health.Length > 0)
        {
            state["Health"] = new JsonObject { ["Status"] = view.Health };
        }

        return state;
    }

    private static JsonObject Host(ContainerView view, ContainerDetails details) => new()
    {
        ["Binds"] = view.Mounts.All(m => m.Type == "tmpfs") ? null : Texts(
            view.Mounts.Where(m => m.Type != "tmpfs")
                .Select(m => $"{(m.Name.Length > 0 ? m.Name : m.Source)}:{m.Target}{(m.ReadOnly ? ":ro" : "")}")),
        ["LogConfig"] = new JsonObject
        {
            ["Type"] = "json-file",
            ["Config"] = new JsonObject
            {
                ["max-file"] = details.LogMaxFiles.ToString(CultureInfo.InvariantCulture),
                ["max-size"] = details.LogMaxBytes.ToString(CultureInfo.InvariantCulture),
            },
        },
        ["NetworkMode"] = view.Address.Length > 0 ? "default" : "none",
        ["PortBindings"] = Bindings(view),
        ["RestartPolicy"] = new JsonObject { ["Name"] = "no", ["MaximumRetryCount"] = 0 },
        ["AutoRemove"] = view.RemoveAtEnd,
        ["CapAdd"] = details.CapAdd.Count > 0 ? Texts(details.CapAdd) : null,
        ["CapDrop"] = details.CapDrop.Count > 0 ? Texts(details.CapDrop) : null,
        ["GroupAdd"] = details.Groups.Count == 0 ? null : Texts(
            details.Groups.Select(g => g.ToString(CultureInfo.InvariantCulture))),
        ["Privileged"] = false,
        ["ReadonlyRootfs"] = details.ReadOnlyRoot,
        ["Init"] = details.Init,
        ["Memory"] = details.MemoryBytes,
        ["NanoCpus"] = details.NanoCpus,
        ["PidsLimit"] = details.Pids,
        ["Sysctls"] = details.Sysctls.Count > 0 ? VolumeJson.Map(details.Sysctls) : null,
        ["Ulimits"] = new JsonArray([.. details.Ulimits.Select(u => (JsonNode)new JsonObject
        {
            ["Name"] = u.Name, ["Hard"] = u.Hard, ["Soft"] = u.Soft,
        })]),
    };

    private static JsonObject Config(ContainerView view, ContainerDetails details) => new()
    {
        ["Hostname"] = details.Hostname,
        ["User"] = string.Create(CultureInfo.InvariantCulture, $"{details.Uid}:{details.Gid}"),
        ["Tty"] = details.Tty,
        ["OpenStdin"] = details.Stdin,
        ["Env"] = Texts(details.Env),
        ["Cmd"] = Texts(view.Command),
        ["Image"] = view.Image,
        ["WorkingDir"] = details.Workdir,
        ["Labels"] = VolumeJson.Map(view.Labels),
        ["StopSignal"] = details.StopSignal,
        ["StopTimeout"] = details.StopGraceNs / 1_000_000_000,
    };

    private static JsonObject Mount(ContainerMountView mount)
    {
        var json = new JsonObject { ["Type"] = mount.Type };
        if (mount.Name.Length > 0)
        {
            json["Name"] = mount.Name;
        }

        json["Source"] = mount.Source;
        json["Destination"] = mount.Target;
        json["Driver"] = mount.Type == "volume" ? "local" : "";
        json["Mode"] = mount.ReadOnly ? "ro" : "";
        json["RW"] = !mount.ReadOnly;
        json["Propagation"] = mount.Propagation;
        return json;
    }

    private static JsonObject Bindings(ContainerView view)
    {
        var json = new JsonObject();
        foreach (var port in view.Ports)
        {
            var colon = port.IndexOf(':', StringComparison.Ordinal);
            json[port[(colon + 1)..]] = new JsonArray(
                new JsonObject { ["HostIp"] = "0.0.0.0", ["HostPort"] = port[..colon] });
        }

        return json;
    }

    private static JsonArray Texts(IEnumerable<string> texts) => [.. texts.Select(t => (JsonNode)t)];

    private static string Time(long ns) => ns == 0 ? Never : Ago.Json(ns);
}
