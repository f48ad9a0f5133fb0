namespace Swarm.RoutingMesh;

/// <summary>The kernel refused a change of the node's network; the message says what was wanted and why not.</summary>
public sealed class MeshException : Exception
{
    public MeshException()
    {
    }

    public MeshException(string message)
        : base(message)
    {
    }

    public MeshException(string message, Exception inner)
        : base(message, inner)
    {
    }

    public MeshException(string message, int errno)
        : base(message) => Errno = errno;

    /// <summary>The system's error number, 0 when there is none.</summary>
    public int Errno { get; }
}
