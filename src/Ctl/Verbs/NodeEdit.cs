using Swarm.Ctl.Cli;
using Swarm.Protocol.V1;
using Swarm.Rpc;

namespace Swarm.Ctl.Verbs;

/// <summary>
/// Changes the spec of a node. What is asked for does not depend on what else is known of the node, so when that
/// changed
/// meanwhile (its state, its role) the change is made on the newer version.
/// </summary>
internal static class NodeEdit
{
    private const int MaxAttempts = 10;

    /// <summary>Reads, edits, writes; nothing is written when the edit changes nothing.</summary>
    internal static async Task<NodeView> ApplyAsync(
        Cli.Ctl ctl, string reference, Action<NodeSpec> edit, CancellationToken ct)
    {
        for (var attempt = 1; ; attempt++)
        {
            var view = await VerbParts.NodeAsync(ctl, reference, ct).ConfigureAwait(false);
            var spec = view.Spec.Clone();
            edit(spec);
            if (spec.Equals(view.Spec))
            {
                return view;
            }

            try
            {
                await ctl.CallAsync<UpdateNodeRequest, UpdateNodeResponse>(
                    "UpdateNode", new UpdateNodeRequest { NodeId = view.Id, Version = view.Version, Spec = spec }, ct)
                    .ConfigureAwait(false);
                return view;
            }
            catch (RpcException e) when (e.Code == RpcStatusCode.Aborted && attempt < MaxAttempts)
            {
                continue;
            }
        }
    }
}
