using System.Net;
using FsCheck;
using FsCheck.Fluent;
using Swarm.RoutingMesh.Core;

namespace Swarm.RoutingMesh.Tests.Core;

public sealed class AddressPoolTests
{
    private static readonly IPNetwork Subnet = IPNetwork.Parse("10.88.1.0/28");

    [Fact]
    public void All_addresses_but_network_gateway_and_broadcast_are_given_once()
    {
        var pool = new AddressPool(Subnet, []);

        var given = Enumerable.Range(0, pool.Capacity).Select(_ => Next(pool)).ToList();

        Assert.Equal(Enumerable.Range(2, 13).Select(n => $"10.88.1.{n}"), given);
        Assert.False(pool.TryAllocate(out _));
    }

    [Fact]
    public void An_address_is_used_again_as_late_as_possible()
    {
        var pool = new AddressPool(Subnet, []);
        var first = Next(pool);
        pool.Release(IPAddress.Parse(first));

        var others = Enumerable.Range(0, pool.Capacity - 1).Select(_ => Next(pool)).ToList();

        Assert.DoesNotContain(first, others);
        Assert.Equal(first, Next(pool));
    }

    [Fact]
    public void After_a_restart_living_containers_keep_their_addresses()
    {
        var pool = new AddressPool(Subnet, [IPAddress.Parse("10.88.1.5"), IPAddress.Parse("10.88.1.3")]);

        Assert.Equal("10.88.1.6", Next(pool));
        Assert.Equal(3, pool.Used);
    }

    [Fact]
    public void No_address_is_ever_given_twice()
    {
        Prop.ForAll(Gen.Choose(0, 20).ArrayOf().ToArbitrary(), steps =>
        {
            var pool = new AddressPool(Subnet, []);
            var held = new List<IPAddress>();
            foreach (var step in steps)
            {
                if (step < held.Count)
                {
                    pool.Release(held[step]);
                    held.RemoveAt(step);
                }
                else if (pool.TryAllocate(out var address))
                {
                    if (held.Contains(address))
                        return false;
                    held.Add(address);
                }
            }

            return pool.Used == held.Count;
        }).QuickCheckThrowOnFailure();
    }

    private static string Next(AddressPool pool)
    {
        Assert.True(pool.TryAllocate(out var address));
        return address.ToString();
    }
}
