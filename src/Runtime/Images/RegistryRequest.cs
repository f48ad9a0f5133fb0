namespace Swarm.Runtime.Images;

/// <summary>One request to a registry's API.</summary>
/// <param name="Path">Below /v2/&lt;repository&gt;/.</param>
internal sealed record RegistryRequest(string Path)
{
    internal const string Pull = "pull";
    internal const string PullAndPush = "pull,push";

    internal HttpMethod Method { get; init; } = HttpMethod.Get;

    /// <summary>Media types of the answer.</summary>
    internal IReadOnlyList<string> Accept { get; init; } = [];

    /// <summary>First byte that is wanted; 0 = everything.</summary>
    internal long From { get; init; }

    /// <summary>A full address that the registry named for the next step of an upload, instead of the path.</summary>
    internal Uri? Address { get; init; }

    /// <summary>The body, made anew for each attempt.</summary>
    internal Func<HttpContent>? Content { get; init; }

    /// <summary>What a token must allow.</summary>
    internal string Actions { get; init; } = Pull;

    /// <summary>Bytes of the body; more of them may take longer.</summary>
    internal long ContentBytes { get; init; }
}
