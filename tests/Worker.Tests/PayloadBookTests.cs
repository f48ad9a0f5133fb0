using Google.Protobuf;
using Swarm.Model;
using Swarm.Protocol.V1;

namespace Swarm.Worker.Tests;

public sealed class PayloadBookTests
{
    [Fact]
    public void What_goes_is_overwritten_and_what_is_complete_replaces()
    {
        var book = new PayloadBook();
        byte[] one = [1, 2, 3];
        book.Take(new PayloadUpdate { Complete = true, Payloads = { Held("a", one), Held("b", [4]) } });
        Assert.Equal([1, 2, 3], book.Copy(new PayloadId("a")));
        book.Take(new PayloadUpdate { Payloads = { Held("c", [5]) }, RemovedIds = { "a" } });
        Assert.Null(book.Copy(new PayloadId("a")));
        Assert.Equal([0, 0, 0], one);
        Assert.Equal(2, book.Count);
        byte[] again = [7];
        book.Take(new PayloadUpdate { Complete = true, Payloads = { Held("b", again) } });
        Assert.Equal([7], book.Copy(new PayloadId("b")));
        Assert.Equal(1, book.Count);
        book.Take(new PayloadUpdate { Complete = true });
        Assert.Equal((0, (byte)0), (book.Count, again[0]));
    }

    [Fact]
    public void A_copy_is_the_callers_own()
    {
        var book = new PayloadBook();
        book.Take(new PayloadUpdate { Payloads = { Held("a", [1]) } });
        book.Copy(new PayloadId("a"))![0] = 9;
        Assert.Equal([1], book.Copy(new PayloadId("a")));
    }

    private static Payload Held(string id, byte[] data) =>
        new() { Id = id, Data = UnsafeByteOperations.UnsafeWrap(data) };
}
