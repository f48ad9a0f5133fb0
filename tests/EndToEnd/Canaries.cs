using System.Globalization;
using System.Text;

namespace Swarm.EndToEnd;

/// <summary>Looks for something secret where it must not be: as it is, in base64 and in hexadecimal.</summary>
internal static class Canaries
{
    private const int BlockBytes = 1 << 20;

    /// <summary>Files below a directory that hold it.</summary>
    internal static IEnumerable<string> InFiles(string directory, string canary)
    {
        var forms = Forms(canary);
        var options = new EnumerationOptions
        {
            RecurseSubdirectories = true, AttributesToSkip = FileAttributes.ReparsePoint | FileAttributes.Device,
        };
        foreach (var path in Directory.EnumerateFiles(directory, "*", options))
        {
            if (File.GetUnixFileMode(path) != 0 && new FileInfo(path).Length > 0 && Holds(path, forms))
                yield return path;
        }
    }

    /// <summary>The memory of a process that can be written holds it.</summary>
    internal static bool InMemory(string pid, string canary)
    {
        var form = Encoding.UTF8.GetBytes(canary);
        using var memory = File.OpenHandle($"/proc/{pid}/mem");
        var maps = File.ReadLines($"/proc/{pid}/maps");
        foreach (var line in maps.Where(l => l.Contains(" rw", StringComparison.Ordinal)))
        {
            var range = line.Split(' ')[0].Split('-');
            var (from, to) = (Number(range[0]), Number(range[1]));
            var block = new byte[BlockBytes + form.Length];
            for (var at = from; at < to; at += BlockBytes)
            {
                int count;
                try
                {
                    count = RandomAccess.Read(memory, block.AsSpan(0, (int)Math.Min(block.Length, to - at)), at);
                }
                catch (IOException)
                {
                    // A hole, or pages that went since the list was read.
                    continue;
                }

                if (block.AsSpan(0, count).IndexOf(form) >= 0)
                    return true;
            }
        }

        return false;
    }

    private static long Number(string text) => long.Parse(text, NumberStyles.HexNumber, CultureInfo.InvariantCulture);

    private static List<byte[]> Forms(string canary)
    {
        var bytes = Encoding.UTF8.GetBytes(canary);
        var forms = new List<byte[]> { bytes, Encoding.ASCII.GetBytes(Convert.ToHexStringLower(bytes)) };
        // In base64 it looks different at each place of three; the ends depend on the neighbours.
        for (var skip = 0; skip < 3; skip++)
            forms.Add(Encoding.ASCII.GetBytes(Convert.ToBase64String(bytes.AsSpan(skip))[..^4]));
        return forms;
    }

    private static bool Holds(string path, List<byte[]> forms)
    {
        try
        {
            var bytes = File.ReadAllBytes(path);
            return forms.Any(f => bytes.AsSpan().IndexOf(f) >= 0);
        }
        catch (IOException)
        {
            // It went meanwhile.
            return false;
        }
    }
}
