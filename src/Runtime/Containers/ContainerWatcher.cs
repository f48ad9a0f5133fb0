using Microsoft.Win32.SafeHandles;

namespace Swarm.Runtime.Containers;

/// <summary>
/// One thread that learns of the end of every monitor (pidfd) and of every log that the monitor turned over (inotify).
/// The monitor has written exit code and log before it ends, so its end is the moment when both are complete.
/// </summary>
internal sealed class ContainerWatcher : IDisposable
{
    private const int EventsPerWait = 64;
    private const long WakeKey = -1;
    private const long InotifyKey = -2;
    private readonly Action<string> _log;
    private readonly Lock _lock = new();
    private readonly Dictionary<long, Watched> _byKey = [];
    private readonly Dictionary<int, Watched> _byLogWatch = [];
    private readonly int _epoll;
    private readonly int _wake;
    private readonly int _inotify;
    private readonly Thread _thread;
    private long _nextKey;
    private bool _stopping;

    internal ContainerWatcher(Action<string> log)
    {
        _log = log;
        _epoll = WatchNative.NewEpoll();
        _wake = WatchNative.NewEvent();
        _inotify = WatchNative.NewInotify();
        WatchNative.Add(_epoll, _wake, WakeKey);
        WatchNative.Add(_epoll, _inotify, InotifyKey);
        _thread = new Thread(Loop) { IsBackground = true, Name = "container-watcher" };
        _thread.Start();
    }

    /// <summary>
    /// Calls <paramref name="ended"/> once on a pool thread when the monitor is gone, and <paramref name="logTurned"/>
    /// on the watching thread (it must be short) when a file was renamed into the log directory.
    /// </summary>
    internal void Watch(SafeFileHandle monitor, string logDirectory, Action ended, Action logTurned)
    {
        lock (_lock)
        {
            var watched = new Watched(++_nextKey, monitor, ended, logTurned);
            watched.LogWatch = WatchNative.WatchRenames(_inotify, logDirectory);
            _byKey[watched.Key] = watched;
            _byLogWatch[watched.LogWatch] = watched;
            WatchNative.Add(_epoll, (int)monitor.DangerousGetHandle(), watched.Key);
        }
    }

    public void Dispose()
    {
        lock (_lock)
        {
            if (_stopping)
                return;
            _stopping = true;
        }
        WatchNative.Signal(_wake);
        _thread.Join();
        foreach (var watched in _byKey.Values)
            watched.Monitor.Dispose();
        foreach (var fd in new[] { _epoll, _wake, _inotify })
            _ = ContainerNative.close(fd);
    }

    private void Loop()
    {
        Span<long> keys = stackalloc long[EventsPerWait];
        while (true)
        {
            var count = WatchNative.Wait(_epoll, keys);
            lock (_lock)
            {
                if (_stopping)
                    return;
            }
            // Renames first: the last one of a container may arrive together with its end.
            TurnLogs();
            foreach (var key in keys[..count])
                if (key > 0)
                    End(key);
        }
    }

    private void TurnLogs()
    {
        var turned = new HashSet<int>();
        WatchNative.ReadRenames(_inotify, turned);
        foreach (var watch in turned)
        {
            Watched? watched;
            lock (_lock)
                _byLogWatch.TryGetValue(watch, out watched);
            try
            {
                watched?.LogTurned();
            }
            catch (IOException e)
            {
                _log($"turning a container log over failed: {e.Message}");
            }
        }
    }

    private void End(long key)
    {
        Watched? watched;
        lock (_lock)
        {
            if (!_byKey.Remove(key, out watched))
                return;
            _byLogWatch.Remove(watched.LogWatch);
            WatchNative.Unwatch(_inotify, watched.LogWatch);
            WatchNative.Remove(_epoll, (int)watched.Monitor.DangerousGetHandle());
        }
        watched.Monitor.Dispose();
        ThreadPool.UnsafeQueueUserWorkItem(static ended => ended(), watched.Ended, preferLocal: false);
    }

    private sealed class Watched(long key, SafeFileHandle monitor, Action ended, Action logTurned)
    {
        internal long Key => key;

        internal SafeFileHandle Monitor => monitor;

        internal Action Ended => ended;

        internal Action LogTurned => logTurned;

        internal int LogWatch { get; set; }
    }
}
