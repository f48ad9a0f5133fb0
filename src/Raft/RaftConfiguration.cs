using System.Collections.Immutable;
using System.Text;

namespace Swarm.Raft;

/// <summary>
/// The members that an entry of type <see cref="EntryType.ConfChange"/> puts in force, and the ids that never
/// come back. Each such entry carries the whole configuration, so truncating it restores the one before.
/// </summary>
public sealed record RaftConfiguration(ImmutableArray<RaftMember> Members, ImmutableArray<RaftId> Removed)
{
    private const byte FormatVersion = 1;

    /// <summary>Nobody: the configuration of an empty log, whose owner waits to be contacted.</summary>
    public static readonly RaftConfiguration Empty = new([], []);

    /// <summary>Members with a vote.</summary>
    public int VoterCount
    {
        get
        {
            var count = 0;
            foreach (var member in Members)
                count += member.Learner ? 0 : 1;
            return count;
        }
    }

    /// <summary>Votes that make a majority.</summary>
    public int Quorum => VoterCount / 2 + 1;

    /// <summary>The member, or null.</summary>
    public RaftMember? Find(RaftId id)
    {
        foreach (var member in Members)
        {
            if (member.Id == id)
                return member;
        }
        return null;
    }

    /// <summary>True when the member is there and not a learner.</summary>
    public bool IsVoter(RaftId id) => Find(id) is { Learner: false };

    /// <summary>True when the id belonged to a member that was removed.</summary>
    public bool IsRemoved(RaftId id) => Removed.BinarySearch(id) >= 0;

    /// <summary>The configuration after one change, or why the change does not fit.</summary>
    public bool TryApply(ConfChange change, out RaftConfiguration next, out string refusal)
    {
        ArgumentNullException.ThrowIfNull(change);
        next = this;
        refusal = change switch
        {
            ConfChange.Adding add => RefuseAdd(add.Member),
            ConfChange.Promoting p => Find(p.Id) is { Learner: true } ? "" : $"member {p.Id} is not a learner",
            ConfChange.Removing r => RefuseRemove(r.Id),
            ConfChange.Moving u => Find(u.Id) is null ? $"member {u.Id} is not there" : RefuseAddress(u.Address),
            _ => $"unknown change {change}",
        };
        if (refusal.Length > 0)
            return false;
        next = change switch
        {
            ConfChange.Adding add => With(add.Member with { Learner = true }),
            ConfChange.Promoting p => With(Find(p.Id)! with { Learner = false }),
            ConfChange.Moving u => With(Find(u.Id)! with { Address = u.Address }),
            ConfChange.Removing r => new(
                Members.RemoveAll(m => m.Id == r.Id), [.. Removed.Append(r.Id).Order()]),
            _ => this,
        };
        return true;
    }

    /// <summary>The bytes of a configuration entry.</summary>
    public byte[] Encode()
    {
        var writer = new WireWriter();
        writer.Byte(FormatVersion);
        writer.UInt16((ushort)Members.Length);
        foreach (var member in Members)
        {
            writer.UInt64(member.Id.Value);
            writer.Bool(member.Learner);
            writer.Text(member.Address);
            writer.Text(member.NodeId);
        }
        writer.UInt32((uint)Removed.Length);
        foreach (var id in Removed)
            writer.UInt64(id.Value);
        return writer.ToArray();
    }

    /// <summary>Reads <see cref="Encode"/>'s bytes.</summary>
    /// <exception cref="InvalidDataException">The bytes are not a configuration of this format.</exception>
    public static RaftConfiguration Decode(ReadOnlySpan<byte> bytes)
    {
        var reader = new WireReader(bytes);
        var version = reader.Byte();
        if (version != FormatVersion)
            throw new InvalidDataException(
                $"raft configuration format {version} is not known (this is {FormatVersion})");
        var members = new RaftMember[reader.Count(reader.UInt16(), RaftLimits.MaxMembers)];
        for (var i = 0; i < members.Length; i++)
        {
            var id = new RaftId(reader.UInt64());
            var learner = reader.Bool();
            var address = reader.Text(RaftLimits.MaxAddressBytes);
            members[i] = new RaftMember(id, address, learner, reader.Text(RaftLimits.MaxNameBytes));
        }
        var removed = new RaftId[reader.Count(reader.UInt32(), RaftLimits.MaxRemovedIds)];
        for (var i = 0; i < removed.Length; i++)
            removed[i] = new RaftId(reader.UInt64());
        reader.End();
        return new([.. members.OrderBy(m => m.Id)], [.. removed.Order()]);
    }

    private RaftConfiguration With(RaftMember member) =>
        this with { Members = [.. Members.Where(m => m.Id != member.Id).Append(member).OrderBy(m => m.Id)] };

    private string RefuseAdd(RaftMember member)
    {
        if (member.Id == RaftId.None)
            return "raft id 0 is reserved";
        if (IsRemoved(member.Id))
            return $"raft id {member.Id} was removed and cannot come back: join again with a new id";
        if (Find(member.Id) is { } present)
            return $"raft id {member.Id} is a member already, at {present.Address}";
        if (Members.Length >= RaftLimits.MaxMembers)
            return $"there are {Members.Length} members, the most there may be";
        if (Encoding.UTF8.GetByteCount(member.NodeId) > RaftLimits.MaxNameBytes)
            return $"node id is longer than {RaftLimits.MaxNameBytes} bytes";
        return RefuseAddress(member.Address);
    }

    private string RefuseRemove(RaftId id)
    {
        if (Find(id) is not { } member)
            return $"member {id} is not there";
        if (Removed.Length >= RaftLimits.MaxRemovedIds)
            return $"{RaftLimits.MaxRemovedIds} ids were removed already, the most that can be remembered";
        return member.Learner || VoterCount > 1 ? "" : $"member {id} is the last voter";
    }

    private static string RefuseAddress(string address) =>
        address.Length > 0 && Encoding.UTF8.GetByteCount(address) <= RaftLimits.MaxAddressBytes
            ? "" : $"address must have 1 to {RaftLimits.MaxAddressBytes} bytes";
}
