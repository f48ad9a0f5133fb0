namespace Swarm.Raft.Tests.Node;

/// <summary>Holds threads up until it is opened, at the latest when the test ends: a member that waits behind it for
/// ever could not be stopped.</summary>
internal sealed class Gate : IDisposable
{
    private readonly ManualResetEventSlim _open = new();

    public void Wait() => _open.Wait();

    public void Set() => _open.Set();

    public void Dispose() => _open.Set();
}
