namespace Swarm.RoutingMesh.Rules;

/// <summary>Gives nftables text to the kernel, as one transaction.</summary>
internal interface INftRunner : IDisposable
{
    /// <exception cref="MeshException">Nothing was changed; the message is nftables' own.</exception>
    public void Run(string script);
}
