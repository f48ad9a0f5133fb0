using Swarm.Raft.Storage;

namespace Swarm.Raft;

/// <summary>
/// Measures how long the log waits for the medium. Only syncs of segments in use are counted: those are what an answer
/// waits for. What is prepared aside (the next segment, snapshots) has another name while it is written. A sync that
/// fails is not counted: the process ends with it.
/// </summary>
internal sealed class TimedDisk(IDisk disk, TimeProvider time, Latencies syncs) : IDisk
{
    public void CreateDirectory(string directory) => disk.CreateDirectory(directory);

    public IReadOnlyList<string> ListFiles(string directory) => disk.ListFiles(directory);

    public IDiskFile Create(string path) => disk.Create(path);

    public IDiskFile Open(string path) => Timed(path, disk.Open(path));

    public IDiskFile OpenToAppend(string path, long end) => Timed(path, disk.OpenToAppend(path, end));

    public void Rename(string from, string to) => disk.Rename(from, to);

    public void Delete(string path) => disk.Delete(path);

    public DateTimeOffset? WrittenAt(string path) => disk.WrittenAt(path);

    public void SyncDirectory(string directory) => disk.SyncDirectory(directory);

    public IDisposable Lock(string path) => disk.Lock(path);

    private IDiskFile Timed(string path, IDiskFile file) =>
        path.EndsWith(StorageFiles.Segment, StringComparison.Ordinal) ? new Segment(file, time, syncs) : file;

    private sealed class Segment(IDiskFile file, TimeProvider time, Latencies syncs) : IDiskFile
    {
        public long LengthBytes => file.LengthBytes;

        public void Read(long offset, Span<byte> buffer) => file.Read(offset, buffer);

        public void Write(long offset, ReadOnlySpan<byte> bytes) => file.Write(offset, bytes);

        public void Sync()
        {
            var began = time.GetTimestamp();
            file.Sync();
            syncs.Observe(time.GetElapsedTime(began));
        }

        public void Allocate(long lengthBytes) => file.Allocate(lengthBytes);

        public void WriteZeros(long lengthBytes) => file.WriteZeros(lengthBytes);

        public void Dispose() => file.Dispose();
    }
}
