using System.Runtime.InteropServices;

namespace Swarm.RoutingMesh.Netlink;

/// <summary>Receives one message of an answer: its type and what follows the header.</summary>
internal delegate void NetlinkReply(ushort type, ReadOnlySpan<byte> payload);

/// <summary>
/// A netlink socket of one network namespace: the one its creating thread is in; it stays there.
/// One request at a time; not for use by several threads at once.
/// </summary>
internal sealed unsafe class NetlinkSocket : IDisposable
{
    public const int RouteProtocol = 0;
    public const int NetfilterProtocol = 12;

    private const int BufferBytes = 64 * 1024;
    private const int AnswerTimeoutSeconds = 10;
    private const ushort ErrorType = 2;
    private const ushort DoneType = 3;
    private readonly byte[] _buffer = new byte[BufferBytes];
    private readonly int _socket;
    private uint _sequence;
    private bool _closed;

    public NetlinkSocket(int protocol, uint groups = 0)
    {
        _socket = Native.Socket(Native.NetlinkFamily, Native.RawCloseOnExec, protocol);
        if (_socket < 0)
            throw Native.Failure("open a netlink socket", Marshal.GetLastPInvokeError());
        var address = new Native.NetlinkAddress { Family = Native.NetlinkFamily, Groups = groups };
        if (Native.Bind(_socket, &address, sizeof(Native.NetlinkAddress)) != 0)
        {
            var errno = Marshal.GetLastPInvokeError();
            Dispose();
            throw Native.Failure("bind a netlink socket", errno);
        }

        ReceiveTimeout(TimeSpan.FromSeconds(AnswerTimeoutSeconds));
    }

    public void ReceiveTimeout(TimeSpan time)
    {
        var value = new Native.TimeValue { Seconds = (long)time.TotalSeconds, Microseconds = time.Microseconds
            + (time.Milliseconds * 1000L) };
        if (Native.SetOption(
            _socket, Native.SolSocket, Native.ReceiveTimeoutOption, &value, sizeof(Native.TimeValue)) != 0)
            throw Native.Failure("set a netlink timeout", Marshal.GetLastPInvokeError());
    }

    /// <summary>Asks for a large receive buffer; without the right to it the usual one stays.</summary>
    public void ReceiveBuffer(int bytes) =>
        _ = Native.SetOption(_socket, Native.SolSocket, Native.ReceiveBufferForceOption, &bytes, sizeof(int));

    /// <summary>Sends a request and hands every message of the answer to <paramref name="reply"/>.</summary>
    /// <exception cref="MeshException">The kernel refused; <see cref="MeshException.Errno"/> says why.</exception>
    public void Ask(string what, NetlinkMessage message, NetlinkReply? reply = null)
    {
        var errno = TryAsk(message, reply);
        if (errno != 0)
            throw Native.Failure(what, errno);
    }

    /// <summary>As <see cref="Ask"/>, but returns the error number; 0 is success.</summary>
    public int TryAsk(NetlinkMessage message, NetlinkReply? reply = null)
    {
        var sequence = ++_sequence;
        var bytes = message.Finish(sequence);
        fixed (byte* data = bytes)
        {
            if (Native.Send(_socket, data, (nuint)bytes.Length, 0) < 0)
                return Marshal.GetLastPInvokeError();
        }

        var untilDone = (message.Flags & NetlinkMessage.Dump) == NetlinkMessage.Dump;
        while (true)
        {
            var length = Receive(out var errno);
            if (errno != 0)
                return errno;
            if (Answered(_buffer.AsSpan(0, length), sequence, (untilDone, message.Flags), reply) is { } result)
                return result;
        }
    }

    /// <summary>Receives a packet of events. False when nothing came in time or something was lost.</summary>
    public bool TryReceive(NetlinkReply reply, out bool lost)
    {
        var length = Receive(out var errno);
        lost = errno == Native.NoBuffers;
        if (errno is not (0 or Native.TryAgain or Native.NoBuffers))
            throw Native.Failure("receive netlink events", errno);
        if (errno != 0)
            return false;
        foreach (var (type, start, end) in Messages(length))
            reply(type, _buffer.AsSpan(start, end - start));
        return true;
    }

    public void Dispose()
    {
        if (!_closed)
            _ = Native.Close(_socket);
        _closed = true;
    }

    private static int? Answered(
        Span<byte> packet, uint sequence, (bool UntilDone, ushort Flags) request, NetlinkReply? reply)
    {
        while (packet.Length >= NetlinkMessage.HeaderBytes)
        {
            var length = MemoryMarshal.Read<int>(packet);
            if (length < NetlinkMessage.HeaderBytes || length > packet.Length)
                return Native.Invalid;
            var type = MemoryMarshal.Read<ushort>(packet[4..]);
            var payload = packet[NetlinkMessage.HeaderBytes..length];
            var isOurs = MemoryMarshal.Read<uint>(packet[8..]) == sequence;
            packet = packet[Math.Min(NetlinkMessage.Aligned(length), packet.Length)..];
            if (!isOurs)
                continue;
            if (type is ErrorType or DoneType)
                return payload.Length >= sizeof(int) ? -MemoryMarshal.Read<int>(payload) : 0;
            reply?.Invoke(type, payload);
            if (!request.UntilDone && (request.Flags & NetlinkMessage.Acknowledge) == 0)
                return 0;
        }

        return null;
    }

    private List<(ushort Type, int Start, int End)> Messages(int length)
    {
        var found = new List<(ushort, int, int)>();
        for (var at = 0; at + NetlinkMessage.HeaderBytes <= length;)
        {
            var size = MemoryMarshal.Read<int>(_buffer.AsSpan(at));
            if (size < NetlinkMessage.HeaderBytes || at + size > length)
                break;
            found.Add((MemoryMarshal.Read<ushort>(_buffer.AsSpan(at + 4)), at + NetlinkMessage.HeaderBytes, at + size));
            at += NetlinkMessage.Aligned(size);
        }

        return found;
    }

    private int Receive(out int errno)
    {
        while (true)
        {
            nint length;
            fixed (byte* data = _buffer)
                length = Native.Receive(_socket, data, BufferBytes, 0);
            errno = length < 0 ? Marshal.GetLastPInvokeError() : 0;
            if (errno != Native.Interrupted)
                return (int)length;
        }
    }
}
