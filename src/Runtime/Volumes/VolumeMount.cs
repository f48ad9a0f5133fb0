using System.Net;
using System.Net.Sockets;
using Swarm.Model;

namespace Swarm.Runtime.Volumes;

/// <summary>What the options of the local driver ask of mount(2).</summary>
internal sealed record VolumeMount(string Type, string Device, ulong Flags, string Data)
{
    private const int MaxDataChars = 2000;
    private const string AddressKey = "addr=";
    private static readonly string[] Types =
        ["tmpfs", "none", "bind", "nfs", "nfs4", "cifs", "ext4", "xfs", "btrfs", "squashfs"];

    private static readonly string[] HostTrees = ["/proc", "/sys", "/dev"];

    private static readonly Dictionary<string, (bool Clear, ulong Flag)> Words = new(StringComparer.Ordinal)
    {
        ["defaults"] = (false, 0),
        ["ro"] = (false, VolumeNative.ReadOnly),
        ["rw"] = (true, VolumeNative.ReadOnly),
        ["nosuid"] = (false, VolumeNative.NoSuid),
        ["suid"] = (true, VolumeNative.NoSuid),
        ["nodev"] = (false, VolumeNative.NoDev),
        ["noexec"] = (false, VolumeNative.NoExec),
        ["exec"] = (true, VolumeNative.NoExec),
        ["sync"] = (false, VolumeNative.Synchronous),
        ["async"] = (true, VolumeNative.Synchronous),
        ["noatime"] = (false, VolumeNative.NoAtime),
        ["atime"] = (true, VolumeNative.NoAtime),
        ["nodiratime"] = (false, VolumeNative.NoDirAtime),
        ["diratime"] = (true, VolumeNative.NoDirAtime),
        ["relatime"] = (false, VolumeNative.RelAtime),
        ["strictatime"] = (false, VolumeNative.StrictAtime),
        ["bind"] = (false, VolumeNative.Bind),
        ["rbind"] = (false, VolumeNative.Bind | VolumeNative.Recursive),
    };

    /// <summary>A directory of the host, shown at another place.</summary>
    internal bool IsBind => (Flags & VolumeNative.Bind) != 0;

    /// <summary>The device is a path of this host: a directory, or a disk.</summary>
    internal bool IsOfHost => IsBind || Type is "ext4" or "xfs" or "btrfs" or "squashfs";

    /// <summary>Null for a volume without options.</summary>
    /// <exception cref="VolumeException">They do not fit together, or reach for what no container may have.</exception>
    internal static VolumeMount? Of(IReadOnlyDictionary<string, string> options)
    {
        if (options.Count == 0)
            return null;
        foreach (var key in options.Keys.Where(static k => k is not ("type" or "device" or "o")))
            throw VolumeException.Invalid($"invalid volume option \"{Printable.Value(key)}\"; use type, device and o");
        var type = options.GetValueOrDefault("type", "");
        var device = options.GetValueOrDefault("device", "");
        if (type.Length == 0)
            throw VolumeException.Invalid("missing required volume option: \"type\" (tmpfs, nfs, none …)");
        if (device.Length == 0)
            throw VolumeException.Invalid("missing required volume option: \"device\" (for tmpfs write device=tmpfs)");
        if (!Types.Contains(type))
        {
            throw VolumeException.Invalid(
                $"volume type \"{Printable.Value(type)}\" is not supported; use {string.Join(", ", Types)}");
        }

        var (flags, data) = Split(options.GetValueOrDefault("o", ""));
        if (type == "bind")
            (type, flags) = ("none", flags | VolumeNative.Bind);
        var mount = new VolumeMount(type, device, flags, data);
        mount.CheckDevice();
        return mount;
    }

    /// <summary>The same with the name of an NFS server looked up: the kernel knows addresses only.</summary>
    internal VolumeMount Resolved()
    {
        if (!Type.StartsWith("nfs", StringComparison.Ordinal))
            return this;
        var words = Data.Split(',');
        var at = Array.FindIndex(words, static w => w.StartsWith(AddressKey, StringComparison.Ordinal));
        if (at < 0)
            throw VolumeException.Invalid("an NFS volume needs the server's address: o=addr=HOST,…");
        var host = words[at][AddressKey.Length..];
        if (IPAddress.TryParse(host, out _))
            return this;
        try
        {
            words[at] = AddressKey + Dns.GetHostAddresses(host)[0];
        }
        catch (Exception e) when (e is SocketException or ArgumentException)
        {
            throw new VolumeException(
                VolumeErrorKind.Failed, $"the NFS server \"{Printable.Value(host)}\" is not known: {e.Message}", e);
        }

        return this with { Data = string.Join(',', words) };
    }

    private static (ulong Flags, string Data) Split(string words)
    {
        // What a volume holds is never a door to devices, and setuid only when somebody says so.
        var flags = VolumeNative.NoDev | VolumeNative.NoSuid;
        var data = new List<string>();
        foreach (var word in words.Split(',', StringSplitOptions.RemoveEmptyEntries))
        {
            if (Words.TryGetValue(word, out var known))
                flags = known.Clear ? flags & ~known.Flag : flags | known.Flag;
            else if (word is "dev" or "remount" or "move" or "shared" or "rshared" or "slave" or "rslave")
                throw VolumeException.Invalid($"volume option o={word} is not allowed");
            else
                data.Add(word);
        }

        var rest = string.Join(',', data);
        return rest.Length <= MaxDataChars && !rest.Any(char.IsControl)
            ? (flags, rest)
            : throw VolumeException.Invalid($"volume option o has more than {MaxDataChars} or bad characters");
    }

    private void CheckDevice()
    {
        if (Type is "tmpfs")
            return;
        if (Type is "none" && !IsBind)
            throw VolumeException.Invalid("volume type none needs o=bind");
        if (Type is "nfs" or "nfs4" or "cifs")
            return;
        if (!Containers.ContainerSpecRules.IsCleanAbsolute(Device))
        {
            throw VolumeException.Invalid(
                $"volume device \"{Printable.Value(Device)}\" must be an absolute path without \".\" and \"..\"");
        }

        if (IsBind && (Device == "/" || HostTrees.Any(
            t => Device == t || Device.StartsWith(t + "/", StringComparison.Ordinal))))
        {
            throw VolumeException.Invalid($"volume device {Device} is refused: not /, nor below /proc, /sys or /dev");
        }
    }
}
