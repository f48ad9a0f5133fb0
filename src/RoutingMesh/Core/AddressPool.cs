using System.Net;

namespace Swarm.RoutingMesh.Core;

/// <summary>
/// Container addresses of one node. Goes round the subnet, so that an address is used again as late as
/// possible: connections and neighbour entries of its last owner are gone by then.
/// </summary>
public sealed class AddressPool
{
    private readonly uint _first;
    private readonly uint _last;
    private readonly HashSet<uint> _used = [];
    private uint _next;

    /// <param name="subnet">
    /// The node's container subnet; its first address is the gateway, its last the broadcast.
    /// </param>
    /// <param name="inUse">Addresses of containers that live already (after a restart of the daemon).</param>
    public AddressPool(IPNetwork subnet, IEnumerable<IPAddress> inUse)
    {
        if (NodeSubnet.Problem(subnet) is { } problem)
            throw new ArgumentException(problem, nameof(subnet));
        var start = Ipv4.ToNumber(subnet.BaseAddress);
        _first = start + 2;
        _last = start + (1u << (32 - subnet.PrefixLength)) - 2;
        _next = _first;
        foreach (var address in inUse.Select(Ipv4.ToNumber).Where(IsInside).Order())
        {
            _used.Add(address);
            _next = After(address);
        }
    }

    /// <summary>How many containers the subnet holds.</summary>
    public int Capacity => (int)(_last - _first + 1);

    public int Used => _used.Count;

    /// <summary>The next free address; false when all are in use.</summary>
    public bool TryAllocate(out IPAddress address)
    {
        address = IPAddress.None;
        if (_used.Count == Capacity)
            return false;
        while (!_used.Add(_next))
            _next = After(_next);
        address = Ipv4.FromNumber(_next);
        _next = After(_next);
        return true;
    }

    /// <summary>Gives an address back; an address that is not in use is ignored.</summary>
    public void Release(IPAddress address) => _used.Remove(Ipv4.ToNumber(address));

    private bool IsInside(uint address) => address >= _first && address <= _last;

    private uint After(uint address) => address == _last ? _first : address + 1;
}
