using System.Runtime.InteropServices;

namespace Swarm.Runtime.Images;

/// <summary>Decompresses zstd frames with the system's libzstd; .NET 10 has no zstd of its own.</summary>
internal sealed unsafe partial class ZstdStream : Stream
{
    private const int WindowLogMaxParameter = 100;

    // 128 MiB: what `zstd` itself accepts without --long; bounds the memory of a hostile frame.
    private const int MaxWindowLog = 27;
    private const int InputBytes = 128 * 1024;
    private readonly Stream _source;
    private readonly byte[] _input = new byte[InputBytes];
    private nint _context;
    private int _inputEnd;
    private int _inputAt;
    private bool _frameOpen;

    internal ZstdStream(Stream source)
    {
        _source = source;
        try
        {
            _context = ZSTD_createDStream();
        }
        catch (DllNotFoundException e)
        {
            throw new ImageException(
                ImageErrorKind.Invalid, "layer is compressed with zstd, which needs libzstd.so.1: apt install libzstd1",
                e);
        }

        Check(ZSTD_DCtx_setParameter(_context, WindowLogMaxParameter, MaxWindowLog));
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct Window
    {
        public byte* Bytes;
        public nuint Size;
        public nuint Position;
    }

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    [LibraryImport("libzstd.so.1")]
    private static partial nint ZSTD_createDStream();

    [LibraryImport("libzstd.so.1")]
    private static partial nuint ZSTD_freeDStream(nint context);

    [LibraryImport("libzstd.so.1")]
    private static partial nuint ZSTD_DCtx_setParameter(nint context, int parameter, int value);

    [LibraryImport("libzstd.so.1")]
    private static partial nuint ZSTD_decompressStream(nint context, Window* output, Window* input);

    [LibraryImport("libzstd.so.1")]
    private static partial uint ZSTD_isError(nuint code);

    [LibraryImport("libzstd.so.1")]
    private static partial byte* ZSTD_getErrorName(nuint code);

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override int Read(Span<byte> buffer)
    {
        while (!buffer.IsEmpty)
        {
            if (_inputAt == _inputEnd)
            {
                _inputAt = 0;
                _inputEnd = _source.Read(_input);
                if (_inputEnd == 0 && !_frameOpen)
                    return 0;
            }

            var atEnd = _inputEnd == 0;
            var made = Step(buffer);
            if (made > 0)
                return made;
            if (atEnd)
                throw ImageException.Corrupt("layer is truncated: its zstd stream ends too early");
        }

        return 0;
    }

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (_context != 0)
            ZSTD_freeDStream(_context);
        _context = 0;
        base.Dispose(disposing);
    }

    private int Step(Span<byte> buffer)
    {
        fixed (byte* to = buffer, from = _input)
        {
            var output = new Window { Bytes = to, Size = (nuint)buffer.Length };
            var input = new Window { Bytes = from, Size = (nuint)_inputEnd, Position = (nuint)_inputAt };
            // 0 says that a frame is complete and flushed; more frames may follow.
            _frameOpen = Check(ZSTD_decompressStream(_context, &output, &input)) != 0;
            _inputAt = (int)input.Position;
            return (int)output.Position;
        }
    }

    private static nuint Check(nuint code) => ZSTD_isError(code) == 0
        ? code
        : throw ImageException.Corrupt(
            "layer is damaged: zstd: " + Marshal.PtrToStringUTF8((nint)ZSTD_getErrorName(code)));
}
