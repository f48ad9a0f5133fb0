using Google.Protobuf;
using Swarm.Manager.Control;
using Swarm.Protocol.V1;

namespace Swarm.Manager.Tests.Control;

/// <summary>Two requests are one command when their ids and their digests are equal: also over an upgrade.</summary>
public sealed class RequestMarksTests
{
    private static readonly RequestMarks Marks = new("UpdateService", UpdateServiceRequest.Descriptor);

    /// <summary>SHA-256 of the method's name and the request's bytes, the first 16 as a little-endian number; computed
    /// apart from this program.</summary>
    [Theory]
    [InlineData(1, "6B8A04D69A5B8CF004CAB8A72E06E749")]
    [InlineData(10_000, "D9A59EF473E661EAC5837DB4F7182788")]
    public void The_digest_of_a_request_stays_what_it_was(int bytes, string digest) =>
        Assert.Equal(digest, Marks.Of(Request(bytes, "a", "b"))!.Digest.ToString("X32"));

    [Fact]
    public void The_order_of_labels_means_nothing_and_every_byte_means_something()
    {
        var mark = Marks.Of(Request(5_000, "a", "b"))!;
        Assert.Equal(mark, Marks.Of(Request(5_000, "b", "a")));
        Assert.NotEqual(mark.Digest, Marks.Of(Request(5_001, "a", "b"))!.Digest);
        Assert.NotEqual(
            mark.Digest,
            new RequestMarks("Other", UpdateServiceRequest.Descriptor).Of(Request(5_000, "a", "b"))!.Digest);
    }

    [Fact]
    public void A_request_without_an_id_or_without_a_field_for_it_has_no_mark()
    {
        Assert.Null(Marks.Of(new UpdateServiceRequest()));
        Assert.Null(new RequestMarks("GetService", GetServiceRequest.Descriptor).Of(new GetServiceRequest()));
    }

    private static UpdateServiceRequest Request(int bytes, params string[] labels)
    {
        var request = new UpdateServiceRequest
        {
            ServiceId = "s",
            Version = 7,
            Spec = new ServiceSpec { Name = new string('x', bytes) },
            RequestId = ByteString.CopyFrom([.. Enumerable.Range(1, 24).Select(i => (byte)i)]),
        };
        foreach (var label in labels)
            request.Spec.Labels[label] = label;
        return request;
    }
}
