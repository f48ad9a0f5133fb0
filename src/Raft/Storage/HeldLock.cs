using Microsoft.Win32.SafeHandles;

namespace Swarm.Raft.Storage;

/// <summary>
/// A lock of flock(2). It belongs to the open file, not to the descriptor: a process that is just being started has a
/// copy until its exec closes it, and closing ours alone would leave the directory locked for that moment. So it is
/// given back by name.
/// </summary>
internal sealed class HeldLock(SafeFileHandle file) : IDisposable
{
    public void Dispose()
    {
        if (file.IsClosed)
            return;
        // Whatever it says: closing follows, which is all that could be done about it.
        _ = LibC.Lock(file, LibC.LockRelease);
        file.Dispose();
    }
}
