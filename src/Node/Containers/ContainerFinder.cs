using Swarm.Rpc;
using Swarm.Runtime.Containers;

namespace Swarm.Node.Containers;

/// <summary>Which container is meant: by its id, the beginning of one, its name, or its slot.</summary>
internal sealed class ContainerFinder(ContainerRuntime containers, ContainerViews views)
{
    /// <exception cref="RpcException">None, or several.</exception>
    internal ContainerState Find(string reference)
    {
        if (reference.Length == 0)
        {
            throw new RpcException(RpcStatusCode.InvalidArgument, "the container is missing; name one");
        }

        if (containers.Find(reference) is { } exact)
        {
            return exact;
        }

        var all = containers.List();
        // docker's inspect shows names with a slash in front.
        var name = reference.StartsWith('/') ? reference[1..] : reference;
        var found = all.Where(c => views.NameOf(c.Id) == name).ToList();
        if (found.Count == 0)
        {
            found = [.. all.Where(c => c.Id.StartsWith(reference, StringComparison.Ordinal))];
        }

        // "web.1" is what runs in that slot: "web.1.ID".
        if (found.Count == 0)
        {
            found = [.. all.Where(c => c is { OneOff: false, Phase: ContainerPhase.Running }
                && views.NameOf(c.Id).StartsWith(name + ".", StringComparison.Ordinal))];
        }

        return found.Count switch
        {
            1 => found[0],
            0 => throw new RpcException(
                RpcStatusCode.NotFound,
                $"no such container: {reference} (this node has those that 'swarmctl container ls -a' shows)"),
            _ => throw new RpcException(
                RpcStatusCode.InvalidArgument,
                $"'{reference}' fits {found.Count} containers, {string.Join(", ", found.Take(3).Select(c => c.Id))} "
                + "among them; write more of the id"),
        };
    }
}
