using System.CommandLine;
using Swarm.Ctl.Cli;
using Swarm.Protocol.V1;

namespace Swarm.Ctl.Verbs;

/// <summary>What the verbs of `container` share.</summary>
internal static class ContainerParts
{
    internal static Argument<string> Container() => new("CONTAINER")
    {
        Description = "Id, beginning of an id, or name",
    };

    internal static async Task<List<ContainerView>> ListAsync(Cli.Ctl ctl, bool all, CancellationToken ct)
    {
        await using var call = ctl.LocalStream<ListContainersRequest, ListContainersResponse>(
            "ListContainers", new ListContainersRequest { All = all }, ct);
        var found = new List<ContainerView>();
        await foreach (var message in call.ReadAllAsync(ct).ConfigureAwait(false))
        {
            found.Add(message.Container);
        }

        return found;
    }

    internal static Task<InspectContainerResponse> InspectAsync(Cli.Ctl ctl, string name, CancellationToken ct) =>
        ctl.LocalAsync<InspectContainerRequest, InspectContainerResponse>(
            "InspectContainer", new InspectContainerRequest { Container = name }, ct);

    /// <summary>One verb for each of several containers; their names are printed as they are done.</summary>
    internal static Task<int> EachAsync<TRequest, TResponse>(
        Cli.Ctl ctl, string method, IEnumerable<string> containers, Func<string, TRequest> request,
        CancellationToken ct)
        where TRequest : class, Google.Protobuf.IMessage<TRequest>, new()
        where TResponse : class, Google.Protobuf.IMessage<TResponse>, new() => Verb.EachAsync(
            containers, ctl,
            async container =>
            {
                await ctl.LocalPatientlyAsync<TRequest, TResponse>(method, request(container), ct)
                    .ConfigureAwait(false);
                ctl.Out.WriteLine(container);
            },
            ct);

    /// <summary>A flag of docker's that this version has not.</summary>
    internal static void Refuse(ParseResult parsed, Option flag, string remedy)
    {
        if (parsed.GetResult(flag) is { Implicit: false })
        {
            throw new CtlException(
                ExitCode.Refused, $"{flag.Name} is not available in this version; {remedy}");
        }
    }
}
