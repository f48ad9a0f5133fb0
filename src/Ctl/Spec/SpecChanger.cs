using Google.Protobuf.Collections;
using Swarm.Ctl.Cli;
using Swarm.Protocol.V1;

namespace Swarm.Ctl.Spec;

/// <summary>From a stored spec and a command line of `service update` to the next spec.</summary>
internal static class SpecChanger
{
    internal static ServiceSpec Change(ServiceSpec stored, FlagValues flags)
    {
        var spec = stored.Clone();
        var container = spec.Task.Container;
        flags.Apply("image", v => container.Image = v);
        flags.Apply("args", v => SpecEdits.Replace(container.Args, ShellWords.Split("--args", v)));
        SpecEdits.Shared(spec, flags);
        if (flags.IsOn("force"))
        {
            spec.Task.ForceUpdate++;
        }

        flags.Try(() => Env(container, flags));
        flags.Try(() => Map(spec.Labels, "label", flags));
        flags.Try(() => Map(container.Labels, "container-label", flags));
        List(container.Groups, "group", flags);
        List(container.DnsServers, "dns", flags);
        List(container.DnsSearch, "dns-search", flags);
        List(container.DnsOptions, "dns-option", flags);
        flags.Try(() => HostList(container, flags));
        MountList(container, flags);
        PayloadFlags.Change(container, flags);
        LimitList(container, flags);
        Placement(spec, flags);
        PortList(spec, flags);
        SpecBuilder.Check(spec, flags);
        return spec;
    }

    private static void Env(ContainerSpec container, FlagValues flags)
    {
        static string Name(string variable) => variable.Split('=', 2)[0];
        var add = flags.All("env-add").Select(v => SpecBuilder.Variable("--env-add", v)).OfType<string>().ToList();
        var gone = flags.All("env-rm").Concat(add.Select(Name)).ToHashSet(StringComparer.Ordinal);
        SpecEdits.Replace(container.Env, container.Env.Where(v => !gone.Contains(Name(v))).Concat(add));
    }

    private static void Map(MapField<string, string> labels, string flag, FlagValues flags)
    {
        foreach (var key in flags.All(flag + "-rm"))
        {
            labels.Remove(key);
        }

        SpecBuilder.Labels(labels, $"--{flag}-add", flags.All(flag + "-add"));
    }

    private static void List(RepeatedField<string> field, string flag, FlagValues flags)
    {
        var gone = flags.All(flag + "-rm").ToHashSet(StringComparer.Ordinal);
        SpecEdits.Replace(field, field.Where(v => !gone.Contains(v)).Concat(flags.All(flag + "-add")).Distinct());
    }

    private static void HostList(ContainerSpec container, FlagValues flags)
    {
        var gone = flags.All("host-rm").Select(h => SpecBuilder.Host("--host-rm", h))
            .ToHashSet(StringComparer.Ordinal);
        var add = flags.All("host-add").Select(h => SpecBuilder.Host("--host-add", h)).ToList();
        SpecEdits.Replace(container.Hosts, container.Hosts.Where(v => !gone.Contains(v)).Concat(add).Distinct());
    }

    private static void LimitList(ContainerSpec container, FlagValues flags)
    {
        var add = flags.All("ulimit-add", u => Limits.Ulimit("--ulimit-add", u));
        var gone = flags.All("ulimit-rm").Concat(add.Select(u => u.Name)).ToHashSet(StringComparer.OrdinalIgnoreCase);
        SpecEdits.Replace(container.Ulimits, container.Ulimits.Where(u => !gone.Contains(u.Name)).Concat(add));
        foreach (var name in flags.All("sysctl-rm"))
        {
            container.Sysctls.Remove(name);
        }

        foreach (var (name, value) in flags.All("sysctl-add", s => Limits.Sysctl("--sysctl-add", s)))
        {
            container.Sysctls[name] = value;
        }
    }

    private static void MountList(ContainerSpec container, FlagValues flags)
    {
        var add = flags.All("mount-add", m => Mounts.Parse("--mount-add", m));
        var gone = flags.All("mount-rm").Concat(add.Select(m => m.Target)).ToHashSet(StringComparer.Ordinal);
        SpecEdits.Replace(container.Mounts, container.Mounts.Where(m => !gone.Contains(m.Target)).Concat(add));
    }

    private static void Placement(ServiceSpec spec, FlagValues flags)
    {
        string[] names = ["constraint", "placement-pref"];
        if (names.Any(n => flags.Has(n + "-add") || flags.Has(n + "-rm")))
        {
            spec.Task.Placement ??= new Placement();
            List(spec.Task.Placement.Constraints, "constraint", flags);
            List(spec.Task.Placement.Preferences, "placement-pref", flags);
        }
    }

    private static void PortList(ServiceSpec spec, FlagValues flags)
    {
        if (!flags.Has("publish-add") && !flags.Has("publish-rm"))
        {
            return;
        }

        spec.Endpoint ??= new EndpointSpec();
        var add = flags.All("publish-add", p => Ports.Parse("--publish-add", p).ToList()).SelectMany(p => p).ToList();
        var gone = flags.All("publish-rm", p => Ports.Parse("--publish-rm", p).ToList()).SelectMany(p => p).ToList();
        var kept = spec.Endpoint.Ports.Where(p =>
            !gone.Any(g => g.TargetPort == p.TargetPort && g.Protocol == p.Protocol)
            && !add.Any(a => a.TargetPort == p.TargetPort && a.Protocol == p.Protocol
                && a.PublishedPort == p.PublishedPort)).ToList();
        SpecEdits.Replace(spec.Endpoint.Ports, kept.Concat(add));
    }
}
