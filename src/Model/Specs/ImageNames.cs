using System.Text.RegularExpressions;

namespace Swarm.Model;

/// <summary>The grammar of image references: [host[:port]/]path[:tag][@algorithm:hex] (OCI distribution
/// spec).</summary>
public static partial class ImageNames
{
    /// <summary>True when the text is an image reference.</summary>
    public static bool IsValid(string image) => Reference().IsMatch(image);

    [GeneratedRegex(
        "^(?:(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?"
        + "(?:\\.[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)*|\\[[a-fA-F0-9:]+\\])(?::[0-9]{1,5})?/)?"
        + "[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*)*"
        + "(?::[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127})?(?:@sha256:[a-f0-9]{64})?$",
        RegexOptions.NonBacktracking)]
    private static partial Regex Reference();
}
