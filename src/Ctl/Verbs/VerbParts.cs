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

    /// <summary>The last words of a command line that says what a container runs.</summary>
    internal static (Argument<string> Image, Argument<string[]> Args) ImageAndCommand(Command command)
    {
        var image = new Argument<string>("IMAGE");
        var args = new Argument<string[]>("COMMAND")
        {
            Arity = ArgumentArity.ZeroOrMore,
            CaptureRemainingTokens = true,
            Description = "Replaces the image's default command",
        };
        command.Add(image);
        command.Add(args);
        return (image, args);
    }

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

    /// <summary>Filters of a `prune`: labels of what stays (label!=…), and the others.</summary>
    internal static (IEnumerable<string> Except, ILookup<string, string> Filters) PruneFilters(
        string[] filters, params string[] known)
    {
        const string except = "label!=";
        var stays = filters.ToLookup(f => f.StartsWith(except, StringComparison.Ordinal));
        return (stays[true].Select(f => f[except.Length..]), Filters([.. stays[false]], known));
    }

    /// <summary>true or false of a filter.</summary>
    internal static bool Flag(string key, string text) => text switch
    {
        "true" or "1" => true,
        "false" or "0" => false,
        _ => throw new UsageException($"--filter '{key}={text}': use true or false"),
    };

    /// <summary>Warns and asks.</summary>
    internal static bool Confirmed(Cli.Ctl ctl, string warning)
    {
        ctl.Out.WriteLine(warning);
        ctl.Out.Write("Are you sure you want to continue? [y/N] ");
        ctl.Out.Flush();
        return Console.In.ReadLine()?.Trim() is "y" or "Y" or "yes";
    }

    /// <summary>Docker's short form of an id.</summary>
    internal static string ShortId(string id) => id.Length > 12 ? id[..12] : id;

    /// <summary>Text of at most so many characters, the last one … when cut.</summary>
    internal static string Cut(string text, int max) => text.Length <= max ? text : text[..(max - 1)] + "…";
}
