using System.Text.Json.Nodes;
using Swarm.Model;
using Swarm.Protocol.V1;

namespace Swarm.Ctl.Format;

/// <summary>Secrets, configs and the health check of a container in docker's JSON shape.</summary>
internal static class PayloadJson
{
    internal static void Add(JsonObject json, ContainerSpec container)
    {
        List(json, "Secret", container.Secrets);
        List(json, "Config", container.Configs);
        if (container.Health is { } health)
        {
            json["Healthcheck"] = Health(health);
        }
    }

    private static void List(JsonObject json, string word, IReadOnlyCollection<PayloadReference> references)
    {
        if (references.Count > 0)
        {
            json[word + "s"] = new JsonArray([.. references.Select(r => (JsonNode)new JsonObject
            {
                ["File"] = new JsonObject
                {
                    ["Name"] = r.Target.Length > 0 ? r.Target : r.Name,
                    ["UID"] = r.Uid.Length > 0 ? r.Uid : "0",
                    ["GID"] = r.Gid.Length > 0 ? r.Gid : "0",
                    ["Mode"] = r.ModeOrDefault(),
                },
                [word + "ID"] = r.Id,
                [word + "Name"] = r.Name,
            })]);
        }
    }

    private static JsonObject Health(HealthCheck health)
    {
        var json = new JsonObject();
        if (health.Test.Count > 0)
        {
            json["Test"] = new JsonArray([.. health.Test.Select(t => (JsonNode?)JsonValue.Create(t))]);
        }

        void Number(string name, long value)
        {
            if (value > 0)
            {
                json[name] = value;
            }
        }

        Number("Interval", health.IntervalNs);
        Number("Timeout", health.TimeoutNs);
        Number("StartPeriod", health.StartPeriodNs);
        Number("StartInterval", health.StartIntervalNs);
        Number("Retries", health.Retries);
        return json;
    }
}
