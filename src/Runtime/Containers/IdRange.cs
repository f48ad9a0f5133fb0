using System.Globalization;
using Swarm.Runtime.Images;
using Swarm.Runtime.Rootfs;

namespace Swarm.Runtime.Containers;

/// <summary>
/// Ids of the host that users and groups of containers have: the container's 0 is <see cref="First"/> on the host,
/// where it is nobody.
/// </summary>
/// <param name="First">At least 65536: below are the host's own users.</param>
/// <param name="Count">At least 65536, as many as images expect.</param>
public sealed record IdRange(long First, long Count)
{
    public const long Least = 65536;
    private const UnixFileMode OwnerAndThrough = UnixFileMode.UserRead | UnixFileMode.UserWrite
        | UnixFileMode.UserExecute | UnixFileMode.GroupExecute;

    /// <summary>Reads FIRST:COUNT.</summary>
    /// <exception cref="FormatException">One line: what and why.</exception>
    public static IdRange Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var colon = text.IndexOf(':', StringComparison.Ordinal);
        return colon > 0 && Number(text[..colon]) is { } first && Number(text[(colon + 1)..]) is { } count
            && first >= Least && count >= Least && first + count <= RootfsUsers.MaxId
            ? new IdRange(first, count)
            : throw new FormatException(
                $"'{text}': must be FIRST:COUNT, as 100000:65536; both at least {Least}, and no id beyond "
                + RootfsUsers.MaxId);
    }

    /// <summary>The host's id for one of a container.</summary>
    internal uint OnHost(long id) => (uint)(First + id);

    /// <summary>The container's id for one of the host; what is outside of the range is nobody's.</summary>
    internal uint Inside(uint id) => id >= First && id < First + Count ? (uint)(id - First) : Nobody;

    private const uint Nobody = 65534;

    /// <summary>
    /// Containers' root, and nobody else but the host's, gets through this directory: the OCI runtime opens a
    /// container's files as that user. What it holds stays unlisted.
    /// </summary>
    /// <exception cref="IOException">The owner cannot be changed.</exception>
    public void LetThrough(params string[] directories)
    {
        ArgumentNullException.ThrowIfNull(directories);
        foreach (var path in directories)
        {
            Directory.CreateDirectory(path, OwnerAndThrough);
            Own(path, 0, OnHost(0));
            File.SetUnixFileMode(path, OwnerAndThrough);
        }
    }

    /// <summary>Whether containers' root can come to a directory: whoever made those above decides that.</summary>
    /// <exception cref="ContainerException">It cannot; the message says where the way ends.</exception>
    public static void CheckWayTo(string directory)
    {
        for (var above = Path.GetDirectoryName(directory); above is not null; above = Path.GetDirectoryName(above))
        {
            if (!File.GetUnixFileMode(above).HasFlag(UnixFileMode.OtherExecute))
            {
                throw new ContainerException(
                    $"user namespaces for containers (--userns-remap): their root has to get to {directory}, and "
                    + $"{above} lets only its owner through; chmod o+x {above}, or use another --data-dir");
            }
        }
    }

    /// <summary>Makes it root's in the container.</summary>
    /// <exception cref="IOException">The owner cannot be changed.</exception>
    internal void GiveToRoot(string path) => Own(path, OnHost(0), OnHost(0));

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{First}:{Count}");

    private static void Own(string path, uint uid, uint gid)
    {
        if (MountNative.ChangeOwner(path, uid, gid) is var errno and not 0)
            throw ImageNative.Failure("change owner of", path, errno);
    }

    private static long? Number(string text) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number <= int.MaxValue
            ? number
            : null;
}
