using System.Globalization;
using System.Text;

namespace Swarm.Node.Recovery;

/// <summary>
/// Which beginning of its swarm this node belongs to, on disk. A worker takes a newer one over from a manager that
/// welcomes it; a manager's is that of its log, and never changes while the log is there.
/// </summary>
internal sealed class EpochFile(string file)
{
    /// <summary>0 = the first.</summary>
    /// <exception cref="IOException">The file is not readable.</exception>
    internal ulong Current
    {
        get
        {
            if (!File.Exists(file))
            {
                return 0;
            }

            var text = File.ReadAllText(file).Trim();
            return ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var epoch)
                ? epoch
                : throw new IOException($"{file} has '{text}' instead of the number of an epoch");
        }
    }

    /// <summary>Goes up only; durable when it returns.</summary>
    internal void Raise(ulong epoch)
    {
        if (epoch > Current)
        {
            DurableFile.Write(
                file, Encoding.ASCII.GetBytes(epoch.ToString(CultureInfo.InvariantCulture) + "\n"));
        }
    }
}
