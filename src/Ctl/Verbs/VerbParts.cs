using System.CommandLine;
using Swarm.Ctl.Cli;
using Swarm.Protocol.V1;

namespace Swarm.Ctl.Verbs;

/// <summary>Options and questions that several verbs share.</summary>
internal static class VerbParts
{
    internal static Option<string?> Format() => new("--format")
    {
        Description = "table, json, 'table TEMPLATE' or a Go template", HelpName = "string",
    };

    /// <summary>Where there is no filter, -f is the format.</summary>
    internal static Option<string?> InspectFormat() => new("--format", "-f")
    {
        Description = "json or a Go template", HelpName = "string",
    };

    internal static Option<bool> Quiet(string what) => new("--quiet", "-q") { Description = what };

    internal static Option<string[]> Filter() => new("--filter", "-f")
    {
        Description = "Only what matches key=value", HelpName = "filter", DefaultValueFactory = _ => [],
    };

    internal static Option<bool> NoTrunc() => new("--no-trunc") { Description = "Do not shorten ids and errors" };

    internal static Option<bool> NoResolve() => new("--no-resolve") { Description = "Ids instead of names" };

    internal static Argument<string[]> Several(string name, ArgumentArity arity) => new(name) { Arity = arity };

    /// <summary>Splits filters; an unknown key is refused with the known ones.</summary>
    internal static ILookup<string, string> Filters(string[] filters, params string[] known)
    {
        return filters.Select(f =>
        {
            var equals = f.IndexOf('=', StringComparison.Ordinal);
            var key = equals < 0 ? f : f[..equals];
            return equals > 0 && known.Contains(key)
                ? (Key: key, Value: f[(equals + 1)..])
                : throw new UsageException($"--filter '{f}': unknown; use {string.Join("=…, ", known)}=…");
        }).ToLookup(f => f.Key, f => f.Value);
    }

    internal static async Task<ServiceView> ServiceAsync(Cli.Ctl ctl, string reference, CancellationToken ct) =>
        (await ctl.CallAsync<GetServiceRequest, GetServiceResponse>(
            "GetService", new GetServiceRequest { Ref = reference }, ct).ConfigureAwait(false)).Service;

    internal static async Task<NodeView> NodeAsync(Cli.Ctl ctl, string reference, CancellationToken ct) =>
        (await ctl.CallAsync<GetNodeRequest, GetNodeResponse>(
            "GetNode", new GetNodeRequest { Ref = reference }, ct).ConfigureAwait(false)).Node;

    internal static async Task<PayloadView> PayloadAsync(
        Cli.Ctl ctl, PayloadKind kind, string reference, CancellationToken ct) =>
        (await ctl.CallAsync<GetPayloadRequest, GetPayloadResponse>(
            "GetPayload", new GetPayloadRequest { Kind = kind, Ref = reference }, ct).ConfigureAwait(false)).Payload;

    /// <summary>Docker's short form of an id.</summary>
    internal static string ShortId(string id) => id.Length > 12 ? id[..12] : id;

    /// <summary>Text of at most so many characters, the last one … when cut.</summary>
    internal static string Cut(string text, int max) => text.Length <= max ? text : text[..(max - 1)] + "…";
}
