using System.Text;

namespace Swarm.Manager.Tests;

/// <summary>How a secret could lie in a file: as it is, in hex, and within base64 of something longer.</summary>
internal static class Spellings
{
    internal static IEnumerable<byte[]> Of(byte[] secret)
    {
        yield return secret;
        yield return Encoding.ASCII.GetBytes(Convert.ToHexString(secret));
        yield return Encoding.ASCII.GetBytes(Convert.ToHexStringLower(secret));
        for (var before = 0; before < 3; before++)
        {
            // The characters that no neighbour has a part in.
            var text = Convert.ToBase64String([.. new byte[before], .. secret]);
            var from = before == 0 ? 0 : before + 1;
            var whole = (before + secret.Length) * 8 / 6;
            yield return Encoding.ASCII.GetBytes(text[from..whole]);
        }
    }

    /// <summary>"name: file" of each secret that lies somewhere below a directory.</summary>
    internal static IReadOnlyList<string> Found(string directory, IReadOnlyDictionary<string, byte[]> secrets)
    {
        var found = new List<string>();
        // Locks are empty, and cannot be opened while they are held.
        foreach (var file in Directory.GetFiles(directory, "*", SearchOption.AllDirectories)
            .Where(f => new FileInfo(f).Length > 0))
        {
            var bytes = File.ReadAllBytes(file);
            found.AddRange(secrets
                .Where(s => Of(s.Value).Any(spelling => bytes.AsSpan().IndexOf(spelling) >= 0))
                .Select(s => $"{s.Key}: {file}"));
        }

        return found;
    }
}
