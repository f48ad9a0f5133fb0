using Swarm.Security;

namespace Swarm.Node;

/// <summary>Replaces a small file as a whole, or not at all.</summary>
internal static class DurableFile
{
    /// <exception cref="IOException">What was there before may still be.</exception>
    internal static void Write(string path, byte[] content) => PrivateFile.Write(path, content);
}
