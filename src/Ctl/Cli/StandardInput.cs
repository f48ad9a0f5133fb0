using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Microsoft.Win32.SafeHandles;

namespace Swarm.Ctl.Cli;

/// <summary>
/// Standard input as it comes, byte for byte. Read by a thread that nobody waits for: a read of a terminal cannot be
/// called off, and ends with the process.
/// </summary>
internal static class StandardInput
{
    private const int PieceBytes = 32 << 10;
    private const int Descriptor = 0;

    internal static async IAsyncEnumerable<byte[]> ReadAsync([EnumeratorCancellation] CancellationToken ct)
    {
        var pieces = Channel.CreateBounded<byte[]>(1);
        new Thread(() => Read(pieces.Writer)) { IsBackground = true, Name = "input" }.Start();
        await foreach (var piece in pieces.Reader.ReadAllAsync(ct).ConfigureAwait(false))
        {
            yield return piece;
        }
    }

    private static void Read(ChannelWriter<byte[]> pieces)
    {
        using var handle = new SafeFileHandle(Descriptor, ownsHandle: false);
        using var stream = new FileStream(handle, FileAccess.Read, bufferSize: 0);
        var buffer = new byte[PieceBytes];
        try
        {
            for (int count; (count = stream.Read(buffer)) > 0;)
            {
                pieces.WriteAsync(buffer[..count]).AsTask().GetAwaiter().GetResult();
            }
        }
        catch (IOException)
        {
            // A terminal that was hung up: the same as its end.
        }

        pieces.TryComplete();
    }
}
