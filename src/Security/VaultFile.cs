using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Swarm.Security;

/// <summary>
/// What the file <c>keys</c> says: one line of JSON, and one with its SHA-256, by which damage is told from a wrong
/// key. With autolock the key that the others are wrapped with is not there.
/// </summary>
internal sealed record VaultFile
{
    internal const string Remedy = "restore it from a backup of this host, or 'swarmctl swarm leave --force' and join "
        + "again with a token";

    private const int Format = 1;
    private const int MaxBytes = 64 * 1024;

    private static readonly JsonSerializerOptions Form = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.KebabCaseLower,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    };

    [JsonPropertyName("format")]
    public int Version { get; init; } = Format;

    /// <summary>The wrapping key in clear: autolock is off, and whoever reads this file reads everything.</summary>
    public byte[]? ClearKey { get; init; }

    /// <summary>
    /// Of this wrapping; the same unlock key makes another wrapping key on each manager and each time.
    /// </summary>
    public required byte[] Salt { get; init; }

    /// <summary>Version of the cluster object that said how to wrap.</summary>
    public required ulong ClusterVersion { get; init; }

    /// <summary>Oldest first; the last one is written with.</summary>
    public required IReadOnlyList<WrappedKey> DataKeys { get; init; }

    internal byte[] ToBytes()
    {
        var json = JsonSerializer.SerializeToUtf8Bytes(this, Form);
        return [.. json, (byte)'\n', .. Encoding.ASCII.GetBytes(Digest(json)), (byte)'\n'];
    }

    /// <summary>Null when it cannot be used; the error says why and what to do.</summary>
    internal static VaultFile? Load(string path, out VaultFault fault, out string error)
    {
        (fault, error) = (VaultFault.Unusable, "");
        try
        {
            if (!File.Exists(path))
            {
                fault = VaultFault.Missing;
                error = $"{path} is missing, and without it the log of this manager cannot be read: {Remedy}";
                return null;
            }

            error = PrivateFile.ModeFault(path);
            if (error.Length > 0)
            {
                return null;
            }

            var length = new FileInfo(path).Length;
            var file = Read(length > MaxBytes ? [] : File.ReadAllBytes(path), out error);
            error = file is null ? $"{path} {error}: {Remedy}" : "";
            fault = file is null ? VaultFault.Unusable : VaultFault.None;
            return file;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            error = $"{path} cannot be read: {e.Message}";
            return null;
        }
    }

    private static VaultFile? Read(ReadOnlySpan<byte> bytes, out string error)
    {
        var end = bytes.IndexOf((byte)'\n');
        if (end < 0 || Encoding.ASCII.GetString(bytes[(end + 1)..]) != Digest(bytes[..end]) + "\n")
        {
            error = "is damaged: its check sum does not fit";
            return null;
        }

        VaultFile? file;
        try
        {
            file = JsonSerializer.Deserialize<VaultFile>(bytes[..end], Form);
        }
        catch (JsonException)
        {
            file = null;
        }

        error = file switch
        {
            null => "is of a form that this version does not know",
            { Version: not Format } => $"has format {file.Version}, and this version reads {Format}",
            { DataKeys.Count: 0 } => "holds no key",
            _ => "",
        };
        return error.Length == 0 ? file : null;
    }

    private static string Digest(ReadOnlySpan<byte> json) =>
        "sha256:" + Convert.ToHexStringLower(SHA256.HashData(json));
}

/// <summary>A data key under the wrapping key: nonce, ciphertext, tag.</summary>
internal sealed record WrappedKey(Guid Id, byte[] Sealed);
