using System.Security.Cryptography;
using Swarm.Manager.Core;
using Swarm.Model;
using Swarm.Protocol.V1;
using Swarm.Security;
using Swarm.Store;

namespace Swarm.Node.Recovery;

/// <summary>What restore and a forced new cluster have in common.</summary>
internal static class NewEpochs
{
    internal static NewEpochState Begin(ClusterState state, NodeId self, NodeSpec spec, bool observe) => NewEpoch.Begin(
        state,
        new NewEpochRequest(
            self, spec, observe,
            [.. RandomNumberGenerator.GetBytes(JoinToken.SecretBytes)],
            [.. RandomNumberGenerator.GetBytes(JoinToken.SecretBytes)]),
        DateTimeOffset.UtcNow);

    internal static IEnumerable<RemovedManager> Describe(IEnumerable<NodeRecord> removed) => removed.Select(
        n => new RemovedManager { NodeId = n.Id.Value, Hostname = n.Hostname, Address = n.Address });
}
