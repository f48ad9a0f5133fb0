namespace Swarm.Manager;

/// <summary>
/// Addresses at which a manager of a newer epoch is said to be. Anybody may say that, so it is a hint and no more: few
/// are kept, and who takes them asks there himself.
/// </summary>
public sealed class AnnouncedManagers
{
    /// <summary>More than this between two looks are not kept.</summary>
    public const int MaxAddresses = 8;

    private readonly Lock _gate = new();
    private readonly HashSet<string> _addresses = new(StringComparer.Ordinal);

    /// <summary>What was announced since the last call.</summary>
    public IReadOnlyList<string> Take()
    {
        lock (_gate)
        {
            string[] taken = [.. _addresses];
            _addresses.Clear();
            return taken;
        }
    }

    internal void Add(string address)
    {
        lock (_gate)
        {
            if (_addresses.Count < MaxAddresses)
            {
                _addresses.Add(address);
            }
        }
    }
}
