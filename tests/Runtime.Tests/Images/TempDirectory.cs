using Swarm.Runtime.Images;

namespace Swarm.Runtime.Tests.Images;

/// <summary>A directory that is gone after the test, whatever is in it.</summary>
internal sealed class TempDirectory : IDisposable
{
    internal string Path { get; } = Directory.CreateTempSubdirectory("swarm-images-").FullName;

    internal string Sub(string name) => Directory.CreateDirectory(System.IO.Path.Combine(Path, name)).FullName;

    internal string At(params string[] names) => System.IO.Path.Combine([Path, .. names]);

    public void Dispose() => TreeRemover.Remove(Path);
}
