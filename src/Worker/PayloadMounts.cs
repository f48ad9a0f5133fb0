using System.Globalization;
using System.Security.Cryptography;
using Swarm.Model;
using Swarm.Protocol.V1;
using Swarm.Runtime.Containers;
using Swarm.Runtime.Rootfs;

namespace Swarm.Worker;

/// <summary>The files that a container has its secrets and configs as: in memory, each mounted read-only.</summary>
internal static class PayloadMounts
{
    private const uint ExecuteBits = 0x49; // 0111

    /// <summary>Where the files of a task are, below its own directory.</summary>
    internal static string FolderOf(string taskDirectory) => Path.Combine(taskDirectory, "payloads");

    /// <summary>Puts the files there; a container without any gets no mount.</summary>
    /// <exception cref="TaskRejectedException">The leader did not send one of them: it was removed.</exception>
    internal static void Fill(
        string folder, Protocol.V1.ContainerSpec container, PayloadBook book, IdRange? range)
    {
        var files = new List<MemoryFile>();
        var copies = new List<byte[]>();
        try
        {
            foreach (var (kind, reference) in container.Payloads())
            {
                var data = book.Copy(new PayloadId(reference.Id)) ?? throw new TaskRejectedException(
                    $"{kind.Word()} {reference.Name} is not there any more; create it again and update the service");
                copies.Add(data);
                files.Add(new MemoryFile(
                    NameOf(files.Count), data, Number(reference.Uid), Number(reference.Gid),
                    (UnixFileMode)reference.ModeOrDefault()));
            }

            if (files.Count > 0)
            {
                MemoryFiles.Mount(folder, files, range);
            }
        }
        finally
        {
            copies.ForEach(copy => CryptographicOperations.ZeroMemory(copy));
        }
    }

    /// <summary>The mounts of these files. Scripts may be run; nothing else may.</summary>
    internal static IEnumerable<ContainerMount> Of(string folder, Protocol.V1.ContainerSpec container) =>
        container.Payloads().Select((payload, i) => new ContainerMount
        {
            Kind = ContainerMountKind.Bind,
            Source = Path.Combine(folder, NameOf(i)),
            Target = PayloadRules.PathOf(payload.Kind, payload.Reference),
            ReadOnly = true,
            Options = (payload.Reference.ModeOrDefault() & ExecuteBits) == 0
                ? ["nosuid", "nodev", "noexec"]
                : ["nosuid", "nodev"],
        });

    private static string NameOf(int place) => place.ToString(CultureInfo.InvariantCulture);

    private static uint Number(string text) =>
        text.Length == 0 ? 0 : uint.Parse(text, NumberStyles.None, CultureInfo.InvariantCulture);
}
