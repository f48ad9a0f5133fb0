using Swarm.Protocol.V1;
using Swarm.Runtime.Containers;
using Swarm.Worker;
using ContainerSpec = Swarm.Runtime.Containers.ContainerSpec;

namespace Swarm.Node.Containers;

/// <summary>Containers as callers see them.</summary>
internal sealed class ContainerViews(ContainerRuntime containers, string tasksDirectory)
{
    internal ContainerView View(ContainerState state)
    {
        var spec = SpecOf(state.Id);
        var about = spec?.About ?? new ContainerAbout();
        var view = new ContainerView
        {
            Id = state.Id,
            Name = about.Name.Length > 0 ? about.Name : state.Id,
            Image = about.Image,
            ImageDigest = about.ImageId,
            CreatedNs = Ns(about.CreatedAt),
            State = state.Phase switch
            {
                ContainerPhase.Running => ContainerView.Types.State.Running,
                ContainerPhase.Exited => ContainerView.Types.State.Exited,
                _ => ContainerView.Types.State.Created,
            },
            StartedNs = Ns(state.StartedAt ?? default),
            Health = state is { Phase: ContainerPhase.Running, OneOff: false }
                ? TaskHealth.Of(tasksDirectory, state.Id)
                : "",
            ServiceId = about.ServiceId,
            ServiceName = about.ServiceName,
            Address = about.Address,
            Pid = state.Phase == ContainerPhase.Running ? state.Pid : 0,
            RemoveAtEnd = about.RemoveAtEnd,
        };
        if (state.Exit is { } exit)
        {
            view.FinishedNs = Ns(exit.At);
            view.ExitCode = exit.ExitCode;
            view.OutOfMemory = exit.OutOfMemory;
            view.Error = exit.Error ?? "";
        }

        view.Ports.Add(about.Ports);
        view.Command.Add(spec?.Args ?? []);
        view.Labels.Add(spec?.Labels.ToDictionary() ?? []);
        view.Mounts.Add(spec?.Mounts.Select(m => Mount(m, about)) ?? []);
        return view;
    }

    internal ContainerDetails Details(string id)
    {
        var details = new ContainerDetails { LogPath = containers.LogPathOf(id) };
        if (SpecOf(id) is not { } spec)
        {
            return details;
        }

        details.Workdir = spec.Cwd;
        details.Uid = spec.Uid;
        details.Gid = spec.Gid;
        details.Hostname = spec.Hostname;
        details.MemoryBytes = spec.MemoryBytes;
        details.NanoCpus = spec.NanoCpus;
        details.Pids = spec.PidsLimit;
        details.ReadOnlyRoot = spec.ReadOnlyRoot;
        details.Tty = spec.Tty;
        details.Stdin = spec.Stdin;
        details.Init = spec.Init;
        details.StopSignal = spec.StopSignal;
        details.StopGraceNs = spec.StopGrace.Ticks * 100;
        details.LogMaxBytes = spec.Log.MaxFileBytes;
        details.LogMaxFiles = spec.Log.MaxFiles;
        details.Env.Add(spec.Env);
        details.Groups.Add(spec.AdditionalGids);
        details.CapAdd.Add(spec.CapAdd);
        details.CapDrop.Add(spec.CapDrop);
        details.Ulimits.Add(spec.Ulimits.Select(u => new Ulimit { Name = u.Name, Soft = u.Soft, Hard = u.Hard }));
        details.Sysctls.Add(spec.Sysctls.ToDictionary());
        return details;
    }

    /// <summary>Name and short id, for messages.</summary>
    internal string NameOf(string id) => SpecOf(id) is { About.Name.Length: > 0 } spec ? spec.About.Name : id;

    /// <summary>Null also when it was removed meanwhile.</summary>
    internal ContainerSpec? SpecOf(string id)
    {
        try
        {
            return containers.SpecOf(id);
        }
        catch (ContainerException)
        {
            return null;
        }
    }

    /// <summary>Nanoseconds since 1970; what is not known is 0.</summary>
    internal static long Ns(DateTimeOffset at) => at.Year > 1970 ? (at - DateTimeOffset.UnixEpoch).Ticks * 100 : 0;

    private static ContainerMountView Mount(ContainerMount mount, ContainerAbout about)
    {
        var volume = about.Volumes.GetValueOrDefault(mount.Target, "");
        return new ContainerMountView
        {
            Type = mount.Kind == ContainerMountKind.Tmpfs ? "tmpfs" : volume.Length > 0 ? "volume" : "bind",
            Name = volume,
            Source = mount.Source,
            Target = mount.Target,
            ReadOnly = mount.ReadOnly,
            Propagation = mount.Kind == ContainerMountKind.Bind && volume.Length == 0 ? mount.Propagation : "",
        };
    }
}
