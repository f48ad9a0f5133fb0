using System.Globalization;
using Microsoft.Win32.SafeHandles;
using Swarm.Runtime.Images;

namespace Swarm.Runtime.Rootfs;

/// <summary>Who a container runs as. Ids are 0 to 2^31-1.</summary>
public sealed record RootfsUser(long Uid, long Gid, IReadOnlyList<long> AdditionalGids);

/// <summary>
/// Looks users and groups up in the root file system's own /etc/passwd and /etc/group. The files are the image's:
/// opened so that no link leads out of the root file system, read within a bound, and never through the host's name
/// service.
/// </summary>
public static class RootfsUsers
{
    /// <summary>Largest id: what is beyond became root in another runtime (CVE-2024-40635).</summary>
    public const long MaxId = int.MaxValue;

    /// <summary>Largest passwd or group file.</summary>
    public const int MaxFileBytes = 4 << 20;

    /// <summary>NGROUPS_MAX of the kernel is 65536; nobody needs it.</summary>
    public const int MaxGroups = 1024;

    private const int NameField = 0;
    private const int IdField = 2;
    private const int PasswdGidField = 3;
    private const int GroupMembersField = 3;

    /// <param name="rootfs">Absolute path of the mounted root file system.</param>
    /// <param name="user"><c>user[:group]</c>, names or ids; empty = root.</param>
    /// <param name="groups">Further groups, names or ids.</param>
    /// <exception cref="ImageException">Kind Invalid: no such user or group, or an id out of range.</exception>
    public static RootfsUser Resolve(string rootfs, string user, IEnumerable<string> groups)
    {
        using var root = ImageNative.OpenDirectory(rootfs);
        var passwd = Lines(root, "etc/passwd");
        var group = Lines(root, "etc/group");
        var colon = user.IndexOf(':', StringComparison.Ordinal);
        var userPart = colon < 0 ? user : user[..colon];
        var groupPart = colon < 0 ? "" : user[(colon + 1)..];
        if (colon >= 0 && (userPart.Length == 0 || groupPart.Length == 0))
            throw Invalid($"user \"{Shown(user)}\" has not the form user[:group]");

        var entry = Find(passwd, userPart.Length == 0 ? "0" : userPart);
        var uid = entry is not null ? Id(entry[IdField], "passwd file")
            : userPart.Length == 0 ? 0
            : IdOrNull(userPart)
                ?? throw Invalid(
                    $"unable to find user {Shown(userPart)}: no matching entries in passwd file of the image; name one "
                    + "that it has, or give its number");
        var gid = groupPart.Length > 0 ? Gid(group, groupPart)
            : entry is { Length: > PasswdGidField } ? Id(entry[PasswdGidField], "passwd file")
            : 0;
        // As everywhere: who names a group gets that one and none of the user's own.
        var additional = groupPart.Length > 0 || entry is null ? [] : Memberships(group, entry[NameField], gid);
        additional.AddRange(groups.Select(g => Gid(group, g)));
        return additional.Count <= MaxGroups
            ? new RootfsUser(uid, gid, [.. additional.Distinct()])
            : throw Invalid($"user \"{Shown(user)}\" is in more than {MaxGroups} groups");
    }

    private static long Gid(List<string[]> lines, string group) =>
        Find(lines, group) is { } entry ? Id(entry[IdField], "group file")
        : IdOrNull(group) ?? throw Invalid(
            $"unable to find group {Shown(group)}: no matching entries in group file of the image; name one that it "
            + "has, or give its number");

    /// <summary>A name before an id: a user may be called "1000". Null when there is neither.</summary>
    private static string[]? Find(List<string[]> lines, string nameOrId) =>
        lines.Find(l => l[NameField] == nameOrId)
        ?? (IdOrNull(nameOrId) is { } id ? lines.Find(l => IsId(l[IdField], id)) : null);

    private static List<long> Memberships(List<string[]> group, string user, long primary) =>
    [
        .. group.Where(l => l.Length > GroupMembersField && l[GroupMembersField].Split(',').Contains(user))
            .Select(l => Id(l[IdField], "group file")).Where(g => g != primary).Take(MaxGroups + 1),
    ];

    private static bool IsId(string text, long id) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number == id;

    private static long? IdOrNull(string text) =>
        text.Length > 0 && text.All(char.IsAsciiDigit) ? Id(text, "user or group id") : null;

    private static long Id(string text, string where) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var id) && id <= MaxId
            ? id
            : throw Invalid($"{where}: \"{Shown(text)}\" is no id from 0 to {MaxId}");

    private static List<string[]> Lines(SafeFileHandle root, string path)
    {
        // A FIFO in the place of the file would hang a plain open.
        using var file = ImageNative.TryOpenBeneath(
            root, NativeName.Of(path), ImageNative.OReadOnly | ImageNative.ONonBlock,
            ImageNative.ResolveInRoot | ImageNative.ResolveNoMagicLinks, out _);
        if (file is null || FileNative.Facts(file).Type != FileFacts.Regular)
            return [];
        var length = RandomAccess.GetLength(file);
        if (length > MaxFileBytes)
            throw Invalid($"/{path} of the image has {length} bytes; at most {MaxFileBytes} are read");
        var bytes = new byte[length];
        var done = 0;
        for (int n; done < bytes.Length && (n = RandomAccess.Read(file, bytes.AsSpan(done), done)) > 0; done += n)
        {
        }

        return [.. System.Text.Encoding.UTF8.GetString(bytes, 0, done).Split('\n')
            .Where(l => !l.StartsWith('#')).Select(l => l.TrimEnd('\r').Split(':')).Where(f => f.Length > IdField)];
    }

    private static ImageException Invalid(string message) => ImageException.Invalid(message);

    private static string Shown(string text) => NativeName.Show(NativeName.Of(text));
}
