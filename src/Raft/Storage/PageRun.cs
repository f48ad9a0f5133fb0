using System.Runtime.InteropServices;

namespace Swarm.Raft.Storage;

/// <summary>
/// Bytes for a stretch of a file that begins at a page, in memory that begins at one too: what the kernel asks of
/// writes past the page cache. What fills up the last page is zero.
/// </summary>
internal sealed unsafe class PageRun : IDisposable
{
    private readonly int _capacity;
    private byte* _memory;
    private int _length;

    /// <param name="capacityBytes">A multiple of the page.</param>
    public PageRun(int capacityBytes)
    {
        _capacity = capacityBytes;
        _memory = (byte*)NativeMemory.AlignedAlloc((nuint)capacityBytes, IDisk.PageBytes);
    }

    /// <summary>Where in the file the first byte belongs.</summary>
    public long Start { get; private set; }

    /// <summary>Where in the file the next byte belongs.</summary>
    public long End => Start + _length;

    /// <summary>Something was added since <see cref="Written"/>.</summary>
    public bool IsDirty { get; private set; }

    /// <summary>Whole pages.</summary>
    public Span<byte> Pages => new(_memory, PagesBytes);

    public nint Memory => (nint)_memory;

    public int PagesBytes => (_length + IDisk.PageBytes - 1) & -IDisk.PageBytes;

    /// <summary>Begins anew, at a page; what was there is forgotten.</summary>
    public void Begin(long start) => (Start, _length) = (start, 0);

    /// <summary>As much of the bytes as there is room for; returns how many those are.</summary>
    public int Add(ReadOnlySpan<byte> bytes)
    {
        var count = Math.Min(bytes.Length, _capacity - _length);
        bytes[..count].CopyTo(new Span<byte>(_memory + _length, count));
        _length += count;
        new Span<byte>(_memory + _length, PagesBytes - _length).Clear();
        IsDirty |= count > 0;
        return count;
    }

    /// <summary>The kernel has the pages. The last one stays when it is not full: it is written again with what
    /// follows.</summary>
    public void Written()
    {
        IsDirty = false;
        var full = _length & -IDisk.PageBytes;
        if (full == 0)
            return;
        new Span<byte>(_memory + full, _length - full).CopyTo(new Span<byte>(_memory, _capacity));
        Start += full;
        _length -= full;
    }

    public void Dispose()
    {
        NativeMemory.AlignedFree(_memory);
        _memory = null;
    }
}
