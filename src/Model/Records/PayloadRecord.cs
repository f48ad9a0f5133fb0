using System.Text;
using Google.Protobuf;
using Swarm.Protocol.V1;

namespace Swarm.Model;

/// <summary>A secret or a config: data under a name, which services bring into their containers as files.</summary>
public sealed record PayloadRecord
{
    /// <summary>Stays the same as long as it exists.</summary>
    public required PayloadId Id { get; init; }

    /// <summary>Secret or config; each has names of its own.</summary>
    public required PayloadKind Kind { get; init; }

    /// <summary>Log index of the last change.</summary>
    public ulong Version { get; init; }

    /// <summary>Leader's clock.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>Leader's clock at the last change.</summary>
    public DateTimeOffset UpdatedAt { get; init; }

    /// <summary>Name and labels; the labels may be changed.</summary>
    public required PayloadSpec Spec { get; init; }

    /// <summary>What the files hold; never changes, never printed.</summary>
    public required ByteString Data { get; init; }

    /// <summary>Everything but the data.</summary>
    public override string ToString() => new StringBuilder(Kind.Word()).Append(' ').Append(Spec.Name).Append(" (")
        .Append(Id).Append(", ").Append(Data.Length).Append(" bytes)").ToString();
}

/// <summary>Words for the two kinds.</summary>
public static class PayloadKinds
{
    /// <summary>"secret" or "config".</summary>
    public static string Word(this PayloadKind kind) => kind == PayloadKind.Secret ? "secret" : "config";
}
