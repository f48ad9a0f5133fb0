using System.Text;

namespace Swarm.Node.Recovery;

/// <summary>
/// The managers that a new beginning of the swarm left behind, one IP:PORT a line: they are told until they have heard
/// it. On the manager that began anew.
/// </summary>
internal sealed class LeftBehindFile(string file)
{
    /// <summary>More than a swarm has managers.</summary>
    private const int MaxAddresses = 64;

    /// <exception cref="IOException">The file is not readable.</exception>
    internal IReadOnlyList<string> Addresses =>
        File.Exists(file) ? [.. File.ReadAllLines(file).Where(a => a.Length > 0).Take(MaxAddresses)] : [];

    /// <summary>Durable when it returns.</summary>
    internal void Add(IEnumerable<string> addresses)
    {
        var before = Addresses;
        var after = before.Concat(addresses).Distinct().Take(MaxAddresses).ToList();
        if (after.Count > before.Count)
        {
            Write(after);
        }
    }

    internal void Remove(string address) => Write([.. Addresses.Where(a => a != address)]);

    private void Write(List<string> addresses)
    {
        if (addresses.Count == 0)
        {
            File.Delete(file);
            return;
        }

        DurableFile.Write(file, Encoding.ASCII.GetBytes(string.Join('\n', addresses) + "\n"));
    }
}
