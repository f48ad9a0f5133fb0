using Swarm.Manager.Core;
using Swarm.Model;

namespace Swarm.Manager.Tests.Core;

public sealed class SubnetPieceTests
{
    [Theory]
    [InlineData("10.64.0.0/10", 22, 1u, "10.64.4.0/22")]
    [InlineData("10.64.0.0/10", 22, 4095u, "10.127.252.0/22")]
    [InlineData("192.168.0.0/16", 24, 7u, "192.168.7.0/24")]
    public void PiecesFollowEachOther(string pool, int bits, uint index, string subnet) =>
        Assert.Equal(subnet, Subnets.Piece(pool, bits, index));

    [Fact]
    public void APieceOutsideThePoolDoesNotExist() =>
        Assert.Throws<InvariantException>(() => Subnets.Piece("10.64.0.0/10", 22, 4096));
}
