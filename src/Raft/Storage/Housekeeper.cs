using System.Globalization;
using System.Runtime.ExceptionServices;

namespace Swarm.Raft.Storage;

/// <summary>
/// Files beside the log: the next segment, filled with zeros before it is needed; the reserve, which keeps space from
/// others. An error that is not a full disk is thrown at the next write: the disk cannot be trusted.
/// </summary>
internal sealed class Housekeeper : IDisposable
{
    private readonly StorageOptions _options;
    private readonly string _reserve;

    /// <summary>Held by work on these files, so that who needs a segment waits for one that is being made.</summary>
    private readonly Lock _work = new();
    private string? _spare;
    private long _names;
    private int _asked;
    private volatile ExceptionDispatchInfo? _failure;
    private volatile bool _isFull;
    private bool _disposed;

    public Housekeeper(StorageOptions options)
    {
        _options = options;
        _reserve = Path.Combine(options.Directory, StorageFiles.Reserve);
    }

    /// <summary>There is no room for the next segment and the reserve.</summary>
    public bool IsFull => _isFull;

    /// <summary>A name for a file that is not finished; another one each time.</summary>
    public string TemporaryPath() => Path.Combine(
        _options.Directory,
        Interlocked.Increment(ref _names).ToString("x", CultureInfo.InvariantCulture) + StorageFiles.Temporary);

    /// <summary>Throws what went wrong aside.</summary>
    public void Check() => _failure?.Throw();

    /// <summary>Makes aside what is missing.</summary>
    public void Replenish()
    {
        if (Interlocked.Exchange(ref _asked, 1) == 0)
            _options.Aside(MakeAside);
    }

    /// <summary>
    /// A file of zeros under a temporary name, written and synced. When the disk is full, the reserve makes room.
    /// </summary>
    public string Take(long bytes)
    {
        lock (_work)
        {
            if (bytes == _options.SegmentBytes && _spare is { } spare)
            {
                _spare = null;
                return spare;
            }
            try
            {
                return MakeZeros(bytes);
            }
            catch (StorageFailedException e) when (e.IsNoSpace)
            {
                _isFull = true;
                ReleaseReserve();
                return MakeZeros(bytes);
            }
        }
    }

    public void Dispose()
    {
        lock (_work)
            _disposed = true;
    }

    private void MakeWhatIsMissing()
    {
        try
        {
            MakeReserve();
            _spare ??= MakeZeros(_options.SegmentBytes);
            _isFull = false;
        }
        catch (StorageFailedException e) when (e.IsNoSpace)
        {
            _isFull = true;
        }
    }

    /// <summary>Nobody waits for this work: what goes wrong is kept for the next one who writes.</summary>
    private void MakeAside()
    {
        lock (_work)
        {
            Volatile.Write(ref _asked, 0);
            if (_disposed)
                return;
            try
            {
                MakeWhatIsMissing();
            }
            catch (Exception e)
            {
                _failure ??= ExceptionDispatchInfo.Capture(e);
            }
        }
    }

    private void MakeReserve()
    {
        if (_options.Reserve == 0 || _options.Disk.ListFiles(_options.Directory).Contains(StorageFiles.Reserve))
            return;
        Make(file => file.Allocate(_options.Reserve), _reserve);
    }

    private void ReleaseReserve()
    {
        if (!_options.Disk.ListFiles(_options.Directory).Contains(StorageFiles.Reserve))
            return;
        _options.Disk.Delete(_reserve);
        _options.Disk.SyncDirectory(_options.Directory);
    }

    private string MakeZeros(long bytes) => Make(file => file.WriteZeros(bytes), null);

    private string Make(Action<IDiskFile> fill, string? name)
    {
        var path = TemporaryPath();
        try
        {
            using var file = _options.Disk.Create(path);
            fill(file);
            file.Sync();
        }
        catch (StorageFailedException e) when (e.IsNoSpace)
        {
            if (_options.Disk.ListFiles(_options.Directory).Contains(Path.GetFileName(path)))
                _options.Disk.Delete(path);
            throw;
        }
        if (name is null)
            return path;
        _options.Disk.Rename(path, name);
        _options.Disk.SyncDirectory(_options.Directory);
        return name;
    }
}
