using System.Buffers;

namespace Swarm.Manager.Tests.Transport;

/// <summary>How messages are told apart on a connection.</summary>
public sealed class RaftFrameTests
{
    [Fact]
    public void Messages_come_out_as_they_went_in_however_the_bytes_are_cut()
    {
        byte[][] messages = [[1, 2, 3], [], [.. Enumerable.Range(0, 300).Select(n => (byte)n)]];
        var bytes = Bytes(messages);
        for (var cut = 0; cut <= bytes.Length; cut++)
        {
            var buffer = new ReadOnlySequence<byte>(bytes, 0, cut);
            var read = new List<byte[]>();
            ReadAll(ref buffer, read);
            var kept = (int)buffer.Length;
            buffer = new ReadOnlySequence<byte>(bytes, cut - kept, bytes.Length - cut + kept);
            ReadAll(ref buffer, read);
            Assert.Equal(messages, read);
            Assert.Equal(0, buffer.Length);
        }
    }

    [Theory]
    [InlineData(new byte[] { 255, 255, 255, 255 })]
    [InlineData(new byte[] { 1, 0, 64, 0 })]
    public void A_length_that_cannot_be_is_refused_before_anything_of_it_is_kept(byte[] prefix) =>
        Assert.Throws<InvalidDataException>(() =>
        {
            var buffer = new ReadOnlySequence<byte>(prefix);
            RaftFrame.TryRead(ref buffer, out _);
        });

    private static void ReadAll(ref ReadOnlySequence<byte> buffer, List<byte[]> read)
    {
        while (RaftFrame.TryRead(ref buffer, out var message))
            read.Add(message.ToArray());
    }

    private static byte[] Bytes(byte[][] messages)
    {
        var output = new ArrayBufferWriter<byte>();
        foreach (var message in messages)
            RaftFrame.Write(output, message);
        return output.WrittenSpan.ToArray();
    }
}
