using System.Runtime.InteropServices;

namespace Swarm.Ctl.Cli;

/// <summary>
/// Standard output or error for bytes as they are. The console's own streams of .NET say nothing when nobody reads a
/// pipe any more, and a command that writes without end would never be ended.
/// </summary>
internal sealed unsafe partial class StandardStream : Stream
{
    private const int Interrupted = 4;
    private readonly int _descriptor;

    private StandardStream(int descriptor) => _descriptor = descriptor;

    internal static StandardStream Output => new(1);

    internal static StandardStream Error => new(2);

    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <exception cref="IOException">Nobody reads, or the disk is full.</exception>
    public override void Write(ReadOnlySpan<byte> buffer)
    {
        fixed (byte* start = buffer)
        {
            for (var done = 0; done < buffer.Length;)
            {
                var count = (int)write(_descriptor, start + done, (nuint)(buffer.Length - done));
                if (count < 0 && Marshal.GetLastPInvokeError() is var errno and not Interrupted)
                {
                    throw new IOException(Marshal.GetPInvokeErrorMessage(errno));
                }

                done += Math.Max(0, count);
            }
        }
    }

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        Write(buffer.Span);
        return ValueTask.CompletedTask;
    }

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken)
    {
        Write(buffer.AsSpan(offset, count));
        return Task.CompletedTask;
    }

    public override void Flush()
    {
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint write(int descriptor, byte* bytes, nuint count);
}
