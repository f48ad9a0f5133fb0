using Microsoft.Win32.SafeHandles;
using Swarm.Model;
using Swarm.Runtime.Images;
using Swarm.Runtime.Rootfs;

namespace Swarm.Runtime.Volumes;

/// <summary>One volume: mounted while somebody uses it, when it has options, and filled once.</summary>
internal sealed class VolumeEntry(VolumeRecord record, VolumeFiles files)
{
    /// <summary>A server that does not answer keeps a mount for minutes.</summary>
    private static readonly TimeSpan MountAtMost = TimeSpan.FromSeconds(30);

    private readonly VolumeMount? _mount = VolumeMount.Of(record.Options);
    private Task<int>? _mounting;

    internal VolumeRecord Record => record;

    internal string Data => files.DataOf(record.Name);

    /// <summary>Containers that use it; changed under the store's lock only.</summary>
    internal SortedSet<string> Users { get; } = new(StringComparer.Ordinal);

    /// <summary>Mounting and filling are for one at a time.</summary>
    internal Lock Gate { get; } = new();

    internal Volume View() => new()
    {
        Name = record.Name,
        Options = record.Options,
        Labels = record.Labels,
        CreatedAt = record.CreatedAt,
        Mountpoint = Data,
        UsedBy = [.. Users],
    };

    /// <exception cref="VolumeException">Its files belong to ids that containers do not have (any more).</exception>
    internal void CheckOwners()
    {
        if (_mount is null && record.RootId != files.Walls.RootId)
        {
            throw Failed(
                $"its files belong to containers whose root is the host's {record.RootId}; here it is "
                + $"{files.Walls.RootId} now (--userns-remap). Use another volume, or change the owners and its "
                + "volume.json while swarmd is stopped");
        }
    }

    /// <exception cref="VolumeException">The kernel or the server refuses; the message says why.</exception>
    internal void Mount()
    {
        if (_mount is null || IsMounted())
            return;
        if (_mounting is { IsCompleted: false })
            throw Failed("an earlier mount of it still waits for its server");
        var what = _mount.Resolved();
        var source = what.IsOfHost ? files.Walls.Paths.Open(what.Device, isDisk: !what.IsBind) : null;
        _mounting = Task.Factory.StartNew(
            () => Mount(what, source), CancellationToken.None, TaskCreationOptions.LongRunning,
            TaskScheduler.Default);
        if (!_mounting.Wait(MountAtMost))
            throw Failed($"{what.Device} did not answer within {MountAtMost.TotalSeconds} s");
        var errno = _mounting.Result;
        if (errno == 0 && _mount.Type == "tmpfs")
            files.Walls.UserRange?.GiveToRoot(Data);
        if (errno != 0)
        {
            Unmount();
            throw Failed(errno == VolumeNative.ENODEV
                ? $"this kernel has no file system \"{what.Type}\"; load its module or use another type"
                : $"mount {what.Device} as {what.Type}: "
                    + System.Runtime.InteropServices.Marshal.GetPInvokeErrorMessage(errno));
        }
    }

    /// <summary>A place of the host by the handle that was looked at: its path may lead elsewhere by now.</summary>
    private int Mount(VolumeMount what, SafeFileHandle? source)
    {
        using (source)
        {
            return VolumeNative.Mount(
                source is null ? what : what with { Device = $"/proc/self/fd/{source.DangerousGetHandle()}" }, Data);
        }
    }

    internal void Unmount()
    {
        while (_mount is not null && IsMounted())
        {
            if (_mount.IsBind)
                _ = VolumeNative.StopSharing(Data);
            var errno = MountNative.Unmount(Data);
            if (errno != 0)
                throw ImageNative.Failure("unmount", Data, errno);
        }
    }

    /// <summary>What the image has at the target comes into a volume that is empty.</summary>
    /// <param name="rootfs">The container's root file system.</param>
    /// <param name="target">In it; links lead around inside the image.</param>
    /// <param name="shared">Another container sees the directory already: it must stay the same one.</param>
    internal void Fill(string rootfs, string target, bool shared)
    {
        using var data = ImageNative.OpenDirectory(Data);
        if (!TreeCopier.IsEmpty(data))
            return;
        using var root = ImageNative.OpenDirectory(rootfs);
        using var source = ImageNative.TryOpenBeneath(
            root, NativeName.Of(target), ImageNative.OReadOnly | ImageNative.ODirectory,
            ImageNative.ResolveInRoot | ImageNative.ResolveNoMagicLinks, out _);
        if (source is null)
            return;
        if (shared || _mount is not null)
        {
            TreeCopier.Copy(source, data);
            return;
        }

        // A copy that was cut short must not look like a volume that somebody filled.
        var whole = files.NewTemporary();
        using (var copy = ImageNative.OpenDirectory(whole))
        {
            TreeCopier.Copy(source, copy);
            ImageNative.SyncWholeFileSystem(copy);
        }

        Directory.Delete(Data);
        StoreFiles.MoveDurably(whole, Data);
    }

    /// <summary>A part of the volume, bound to a place of ours; no link on the way to it is followed.</summary>
    internal void Bind(string subpath, string place)
    {
        using var data = ImageNative.OpenDirectory(Data);
        using var part = ImageNative.TryOpenBeneath(
            data, NativeName.Of(subpath), ImageNative.OPath,
            ImageNative.ResolveBeneath | ImageNative.ResolveNoSymlinks | ImageNative.ResolveNoMagicLinks,
            out var errno);
        if (part is null)
        {
            throw Failed(errno == ImageNative.ELOOP
                ? $"subpath \"{Printable.Value(subpath)}\" leads through a symbolic link"
                : $"subpath \"{Printable.Value(subpath)}\": "
                    + System.Runtime.InteropServices.Marshal.GetPInvokeErrorMessage(errno));
        }

        MakePlace(part, place);
        errno = VolumeNative.BindHandle(part, place);
        if (errno != 0)
            throw ImageNative.Failure("bind", place, errno);
    }

    private void MakePlace(SafeFileHandle part, string place)
    {
        StoreFiles.MakePrivateDirectory(Path.GetDirectoryName(place)!);
        files.Walls.UserRange?.LetThrough(Path.GetDirectoryName(place)!);
        if (FileNative.Facts(part).IsDirectory)
            Directory.CreateDirectory(place);
        else if (!File.Exists(place))
            StoreFiles.Create(place).Dispose();
    }

    private bool IsMounted()
    {
        using var data = ImageNative.OpenDirectory(Data);
        return FileNative.Facts(data).IsMountRoot;
    }

    private VolumeException Failed(string why) => new(VolumeErrorKind.Failed, $"volume {record.Name}: {why}");
}
