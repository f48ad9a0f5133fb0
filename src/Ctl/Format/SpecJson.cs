using System.Text.Json.Nodes;
using Swarm.Ctl.Verbs;
using Swarm.Model;
using Swarm.Protocol.V1;

namespace Swarm.Ctl.Format;

/// <summary>A service spec in docker's JSON shape; durations are nanoseconds, absent fields stay absent.</summary>
internal static class SpecJson
{
    internal static JsonObject Service(ServiceSpec spec)
    {
        var json = new JsonObject
        {
            ["Name"] = spec.Name,
            ["Labels"] = Map(spec.Labels),
            ["TaskTemplate"] = Task(spec.Task),
            ["Mode"] = Mode(spec),
            ["UpdateConfig"] = Policy(spec.Update),
            ["RollbackConfig"] = Policy(spec.Rollback),
            ["EndpointSpec"] = Endpoint(spec.Endpoint?.Ports),
        };
        json["EndpointSpec"]!["Mode"] = "vip";
        return json;
    }

    private static JsonObject Mode(ServiceSpec spec) => spec.ModeCase switch
    {
        ServiceSpec.ModeOneofCase.Global => new() { ["Global"] = new JsonObject() },
        ServiceSpec.ModeOneofCase.GlobalJob => new() { ["GlobalJob"] = new JsonObject() },
        ServiceSpec.ModeOneofCase.ReplicatedJob => new()
        {
            ["ReplicatedJob"] = ReplicatedJob(spec),
        },
        _ => new() { ["Replicated"] = new JsonObject { ["Replicas"] = spec.Replicas() } },
    };

    private static JsonObject ReplicatedJob(ServiceSpec spec)
    {
        var json = new JsonObject
        {
            ["MaxConcurrent"] = spec.MaxConcurrent(), ["TotalCompletions"] = spec.TotalCompletions(),
        };
        if (spec.ReplicatedJob.HasRemoveAfterNs)
        {
            json["RemoveAfter"] = spec.ReplicatedJob.RemoveAfterNs;
        }

        return json;
    }

    internal static JsonObject Task(TaskSpec task)
    {
        var json = TaskParts(task);
        if (task.LogDriver is { } driver)
        {
            json["LogDriver"] = new JsonObject { ["Name"] = driver.Name, ["Options"] = Map(driver.Options) };
        }

        return json;
    }

    private static JsonObject TaskParts(TaskSpec task) => new()
    {
        ["ContainerSpec"] = Container(task.Container),
        ["Resources"] = new JsonObject
        {
            ["Limits"] = Resources(task.Limits), ["Reservations"] = Resources(task.Reservations),
        },
        ["RestartPolicy"] = new JsonObject
        {
            ["Condition"] = Words.Condition(task),
            ["Delay"] = SpecDefaults.ToNs(task.RestartDelayOrDefault()),
            ["MaxAttempts"] = task.Restart?.MaxAttempts ?? 0,
            ["Window"] = task.Restart?.WindowNs ?? 0,
        },
        ["Placement"] = Placement(task.Placement),
        ["ForceUpdate"] = task.ForceUpdate,
        ["Runtime"] = "container",
    };

    internal static JsonObject Endpoint(IReadOnlyCollection<PortConfig>? ports) =>
        ports is { Count: > 0 } ? new JsonObject { ["Ports"] = Ports(ports) } : [];

    internal static JsonArray Ports(IEnumerable<PortConfig> ports) => new([.. ports.Select(p => (JsonNode)new JsonObject
    {
        ["Protocol"] = Words.Protocol(p),
        ["TargetPort"] = p.TargetPort,
        ["PublishedPort"] = p.PublishedPort,
        ["PublishMode"] = Words.Mode(p),
    })]);

    internal static JsonObject Map(IDictionary<string, string>? map)
    {
        var json = new JsonObject();
        foreach (var (key, value) in (map ?? new Dictionary<string, string>()).OrderBy(
            p => p.Key, StringComparer.Ordinal))
        {
            json[key] = value;
        }

        return json;
    }

    private static JsonObject Container(ContainerSpec container)
    {
        var json = new JsonObject { ["Image"] = container.Image };
        void Text(string name, string value) { if (value.Length > 0) { json[name] = value; } }
        void List(string name,
            IReadOnlyCollection<string> values) { if (values.Count > 0) { json[name] = Array(values); } }
        if (container.Labels.Count > 0)
        {
            json["Labels"] = Map(container.Labels);
        }

        List("Command", container.Command);
        List("Args", container.Args);
        Text("Hostname", container.Hostname);
        List("Env", container.Env);
        Text("Dir", container.Workdir);
        Text("User", container.User);
        List("Groups", container.Groups);
        json["Init"] = container.HasInit && container.Init;
        foreach (var (name, isOn) in new[]
        {
            ("TTY", container.Tty), ("OpenStdin", container.OpenStdin), ("AttachFirst", container.AttachFirst),
            ("ReadOnly", container.ReadOnly),
        })
        {
            if (isOn)
            {
                json[name] = true;
            }
        }

        Text("StopSignal", container.StopSignal);
        if (container.Mounts.Count > 0)
        {
            json["Mounts"] = new JsonArray([.. container.Mounts.Select(m => (JsonNode)MountJson.Of(m))]);
        }

        json["StopGracePeriod"] = SpecDefaults.ToNs(container.StopGraceOrDefault());
        List("Hosts", container.Hosts);
        json["DNSConfig"] = Dns(container);
        List("CapabilityAdd", container.CapabilityAdd);
        List("CapabilityDrop", container.CapabilityDrop);
        KernelKnobs(json, container);
        PayloadJson.Add(json, container);
        json["Isolation"] = "default";
        return json;
    }

    private static void KernelKnobs(JsonObject json, ContainerSpec container)
    {
        if (container.Sysctls.Count > 0)
        {
            json["Sysctls"] = Map(container.Sysctls);
        }

        if (container.Ulimits.Count > 0)
        {
            json["Ulimits"] = new JsonArray([.. container.Ulimits.Select(u => (JsonNode)new JsonObject
            {
                ["Name"] = u.Name, ["Hard"] = u.Hard, ["Soft"] = u.Soft,
            })]);
        }

        if (container.HasOomScoreAdj)
        {
            json["OomScoreAdj"] = container.OomScoreAdj;
        }
    }

    private static JsonObject Dns(ContainerSpec container)
    {
        var json = new JsonObject();
        if (container.DnsServers.Count > 0)
        {
            json["Nameservers"] = Array(container.DnsServers);
        }

        if (container.DnsSearch.Count > 0)
        {
            json["Search"] = Array(container.DnsSearch);
        }

        if (container.DnsOptions.Count > 0)
        {
            json["Options"] = Array(container.DnsOptions);
        }

        return json;
    }

    private static JsonObject Resources(Resources? resources)
    {
        var json = new JsonObject();
        if (resources?.NanoCpus > 0)
        {
            json["NanoCPUs"] = resources.NanoCpus;
        }

        if (resources?.MemoryBytes > 0)
        {
            json["MemoryBytes"] = resources.MemoryBytes;
        }

        if (resources?.Pids > 0)
        {
            json["Pids"] = resources.Pids;
        }

        if (resources?.Generic.Count > 0)
        {
            json["GenericResources"] = Generic(resources.Generic);
        }

        return json;
    }

    /// <summary>A number as DiscreteResourceSpec, each name as NamedResourceSpec.</summary>
    internal static JsonArray Generic(IEnumerable<GenericResource> resources) => [.. resources.SelectMany(
        r => r.Names.Count == 0
            ? [One("DiscreteResourceSpec", r.Kind, r.Count)]
            : r.Names.Select(n => One("NamedResourceSpec", r.Kind, n)))];

    private static JsonNode One(string form, string kind, JsonNode value) => new JsonObject
    {
        [form] = new JsonObject { ["Kind"] = kind, ["Value"] = value },
    };

    private static JsonObject Placement(Placement? placement)
    {
        var json = new JsonObject();
        if (placement?.Constraints.Count > 0)
        {
            json["Constraints"] = Array(placement.Constraints);
        }

        if (placement?.Preferences.Count > 0)
        {
            json["Preferences"] = new JsonArray([.. placement.Preferences.Select(p => (JsonNode)new JsonObject
            {
                ["Spread"] = new JsonObject { ["SpreadDescriptor"] = p.Replace(
                    "spread=", "", StringComparison.Ordinal) },
            })]);
        }

        if (placement?.MaxReplicasPerNode > 0)
        {
            json["MaxReplicas"] = placement.MaxReplicasPerNode;
        }

        if (placement?.Platforms.Count > 0)
        {
            json["Platforms"] = new JsonArray([.. placement.Platforms.Select(p => (JsonNode)new JsonObject
            {
                ["Architecture"] = p.Architecture, ["OS"] = p.Os,
            })]);
        }

        return json;
    }

    private static JsonObject Policy(UpdatePolicy? policy) => new()
    {
        ["Parallelism"] = policy.ParallelismOrDefault(),
        ["Delay"] = policy?.DelayNs ?? 0,
        ["FailureAction"] = Words.Action(policy),
        ["Monitor"] = SpecDefaults.ToNs(policy.MonitorOrDefault()),
        ["MaxFailureRatio"] = policy?.MaxFailureRatio ?? 0,
        ["Order"] = Words.Order(policy),
    };

    private static JsonArray Array(IEnumerable<string> values) =>
        new([.. values.Select(v => (JsonNode?)JsonValue.Create(v))]);
}
