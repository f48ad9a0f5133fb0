namespace Swarm.Runtime.Images;

/// <summary>The verified archive of a layer; disposing deletes the file when nobody else needs it.</summary>
internal sealed record LayerArchive(string Path, bool IsTemporary) : IDisposable
{
    public void Dispose()
    {
        if (IsTemporary)
            File.Delete(Path);
    }
}
