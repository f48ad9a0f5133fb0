namespace Swarm.RoutingMesh.Core;

/// <summary>One tracked connection: what the client addressed and who answers. Addresses in host byte order.</summary>
internal readonly record struct Flow(
    byte Protocol,
    uint OriginalDestination,
    ushort OriginalPort,
    uint Answerer,
    ushort AnswererPort)
{
    public const byte UdpProtocol = 17;

    public bool IsTranslated => OriginalDestination != Answerer || OriginalPort != AnswererPort;
}
