using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Swarm.Ctl.Cli;
using Swarm.Ctl.Format;
using Swarm.Protocol.V1;

namespace Swarm.Ctl.Verbs;

/// <summary>What the verbs of `image` share.</summary>
internal static class ImageParts
{
    internal const string None = "<none>";
    private const int DigestPrefixChars = 7;
    private const int ShortChars = 12;
    private static readonly string[] SizeUnits = ["B", "kB", "MB", "GB", "TB", "PB"];

    internal static Argument<string> Image(string name = "IMAGE") => new(name)
    {
        Description = "Tag, id, beginning of an id, or repository@digest",
    };

    /// <summary>Without "sha256:", twelve digits.</summary>
    internal static string ShortId(string digest)
    {
        var hex = digest.StartsWith("sha256:", StringComparison.Ordinal) ? digest[DigestPrefixChars..] : digest;
        return hex.Length > ShortChars ? hex[..ShortChars] : hex;
    }

    /// <summary>Docker's form: three digits, powers of 1000: 0B, 3.22kB, 11.8MB.</summary>
    internal static string Size(ulong bytes)
    {
        var number = (double)bytes;
        var unit = 0;
        while (number >= 1000 && unit < SizeUnits.Length - 1)
        {
            number /= 1000;
            unit++;
        }

        var digits = number switch
        {
            >= 100 or 0 => 0,
            >= 10 => 1,
            _ => 2,
        };
        var text = Math.Round(number, digits).ToString("0.##", CultureInfo.InvariantCulture);
        return text + SizeUnits[unit];
    }

    /// <summary>Repository and tag of a name as docker shows it.</summary>
    internal static (string Repository, string Tag) Split(string name)
    {
        var colon = name.LastIndexOf(':');
        return colon > name.LastIndexOf('/') ? (name[..colon], name[(colon + 1)..]) : (name, None);
    }

    internal static string CreatedSince(long ns) =>
        ns == 0 ? "N/A" : Ago.Words(DateTimeOffset.UtcNow - Ago.At(ns)) + " ago";

    internal static string CreatedAt(long ns) => ns == 0
        ? "N/A"
        : Ago.At(ns).ToString("yyyy-MM-dd HH:mm:ss '+0000 UTC'", CultureInfo.InvariantCulture);

    internal static Task<InspectImageResponse> InspectAsync(Cli.Ctl ctl, string image, CancellationToken ct) =>
        ctl.LocalAsync<InspectImageRequest, InspectImageResponse>(
            "InspectImage", new InspectImageRequest { Image = image }, ct);

    /// <summary>The image's config as its builder wrote it.</summary>
    internal static JsonObject Config(InspectImageResponse image)
    {
        try
        {
            return JsonNode.Parse(image.Config.Span) as JsonObject ?? [];
        }
        catch (System.Text.Json.JsonException e)
        {
            throw new CtlException(ExitCode.Refused, $"the config of the image is no JSON: {e.Message}");
        }
    }

    /// <summary>Refuses a flag of docker's that this version has not.</summary>
    internal static void Refuse(ParseResult parsed, Option<string?> flag, string why)
    {
        if (parsed.GetValue(flag) is { Length: > 0 } value)
        {
            throw new UsageException($"{flag.Name} '{value}': {why}");
        }
    }

    internal static Option<string?> Platform() => new("--platform")
    {
        Description = "Only the platform of this node is there", HelpName = "os/arch",
    };
}
