using Swarm.Protocol.V1;

namespace Swarm.Rpc;

/// <summary>Who calls, as the transport knows it; never taken from the body of a request.</summary>
/// <param name="Role">From the certificate's OU, LOCAL for the unix socket, ANYONE without certificate.</param>
/// <param name="NodeId">The certificate's CN; empty for LOCAL and ANYONE.</param>
/// <param name="ClusterId">The certificate's O; empty for LOCAL and ANYONE.</param>
/// <param name="RemoteAddress">Address and port, or <c>unix:uid=U,pid=P</c>.</param>
public sealed record PeerIdentity(CallerRole Role, string NodeId, string ClusterId, string RemoteAddress);
