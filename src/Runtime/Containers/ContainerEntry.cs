using Microsoft.Win32.SafeHandles;

namespace Swarm.Runtime.Containers;

/// <summary>One container in memory. The record on disk is the truth after a restart.</summary>
internal sealed class ContainerEntry : IDisposable
{
    private readonly TaskCompletionSource<ContainerExit> _ended =
        new(TaskCreationOptions.RunContinuationsAsynchronously);

    private readonly TaskCompletionSource _attached = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _lock = new();
    private ContainerRecord? _record;
    private SafeFileHandle? _init;

    internal ContainerEntry(string id, ContainerDirectory directory)
    {
        Id = id;
        Directory = directory;
    }

    internal string Id { get; }

    internal ContainerDirectory Directory { get; }

    /// <summary>Create, start and delete exclude each other.</summary>
    internal SemaphoreSlim Verb { get; } = new(1, 1);

    /// <summary>Known before there is a record: who looks while it is made must not take it for a task's.</summary>
    internal bool OneOff { get; init; }

    internal Task<ContainerExit> Ended => _ended.Task;

    /// <summary>Somebody has been attached to it since this daemon knows it.</summary>
    internal Task Attached => _attached.Task;

    internal ContainerRecord? Record
    {
        get
        {
            lock (_lock)
                return _record;
        }
    }

    internal ContainerState State
    {
        get
        {
            lock (_lock)
            {
                var phase = _record switch
                {
                    null => ContainerPhase.Creating,
                    { Exit: not null } => ContainerPhase.Exited,
                    { StartedAt: not null } => ContainerPhase.Running,
                    _ => ContainerPhase.Created,
                };
                return new ContainerState(
                    Id, phase, _record?.Init.Pid ?? 0, _record?.StartedAt, _record?.Exit, _record?.OneOff ?? OneOff);
            }
        }
    }

    internal void Attach(ContainerRecord record, SafeFileHandle? init)
    {
        lock (_lock)
        {
            _record = record;
            _init = init;
        }
        if (record.Exit is { } exit)
            _ended.TrySetResult(exit);
    }

    /// <summary>Changes the record in memory and on disk; one writer at a time.</summary>
    internal void Update(Func<ContainerRecord, ContainerRecord> change)
    {
        lock (_lock)
        {
            _record = change(_record!);
            _record.Save(Directory);
        }
    }

    internal void NoteAttached() => _attached.TrySetResult();

    /// <summary>Tells the waiters; the record has the exit even when the disk refused it.</summary>
    internal void Finish(ContainerExit exit, Action<string> log)
    {
        try
        {
            Update(r => r with { Exit = exit });
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The exit file of the monitor stays: after a restart the same exit is read from there.
            log($"container {Id}: its exit could not be recorded: {e.Message}");
        }
        _ended.TrySetResult(exit);
    }

    /// <summary>0 or errno; a process that has ended is no error.</summary>
    internal int Signal(int signal)
    {
        lock (_lock)
        {
            if (_init is null)
                return 0;
            var errno = ContainerNative.SendSignal(_init, signal);
            return errno == ContainerNative.ESRCH ? 0 : errno;
        }
    }

    public void Dispose()
    {
        lock (_lock)
        {
            _init?.Dispose();
            _init = null;
        }
    }
}
