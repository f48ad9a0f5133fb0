using System.Text;

namespace Swarm.Worker;

/// <summary>
/// The managers this node may talk to, kept in a file so that a node finds its cluster again after a restart.
/// The leader comes first once it is known.
/// </summary>
public sealed class ManagerDirectory
{
    /// <summary>More addresses than this are not kept.</summary>
    public const int MaxManagers = 64;

    private readonly string _file;
    private readonly Lock _gate = new();
    private List<string> _addresses;
    private int _next;

    /// <summary>Reads the file when it exists.</summary>
    public ManagerDirectory(string file)
    {
        _file = file;
        _addresses = File.Exists(file)
            ? [.. File.ReadAllLines(file).Where(l => l.Length > 0).Take(MaxManagers)]
            : [];
    }

    /// <summary>HOST:PORT of each, best first.</summary>
    public IReadOnlyList<string> Addresses
    {
        get
        {
            lock (_gate)
            {
                return [.. _addresses];
            }
        }
    }

    /// <summary>Replaces the list; an empty one is ignored (a node must never forget its last manager).</summary>
    public void Replace(IEnumerable<string> addresses)
    {
        lock (_gate)
        {
            var next = addresses.Where(a => a.Length > 0).Distinct().Take(MaxManagers).ToList();
            if (next.Count == 0 || next.SequenceEqual(_addresses))
            {
                return;
            }

            _addresses = next;
            _next = 0;
            var temporary = _file + ".tmp";
            File.WriteAllText(temporary, string.Join('\n', next) + "\n", Encoding.UTF8);
            File.Move(temporary, _file, overwrite: true);
        }
    }

    /// <summary>The next one to try, in turn; null when none is known.</summary>
    public string? Next()
    {
        lock (_gate)
        {
            return _addresses.Count == 0 ? null : _addresses[_next++ % _addresses.Count];
        }
    }

    /// <summary>That one did not answer, or not any more: others come first.</summary>
    public void Avoid(string address)
    {
        lock (_gate)
        {
            if (_addresses.Count > 1 && _addresses[_next % _addresses.Count] == address)
            {
                _next++;
            }
        }
    }

    /// <summary>Somebody said who leads: try that one next.</summary>
    public void Prefer(string address)
    {
        lock (_gate)
        {
            _addresses.Remove(address);
            _addresses.Insert(0, address);
            _next = 0;
        }
    }
}
