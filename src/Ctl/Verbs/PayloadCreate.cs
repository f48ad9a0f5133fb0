using System.CommandLine;
using Google.Protobuf;
using Swarm.Ctl.Cli;
using Swarm.Ctl.Spec;
using Swarm.Model;
using Swarm.Protocol.V1;

namespace Swarm.Ctl.Verbs;

/// <summary>`secret create` and `config create`</summary>
internal static class PayloadCreate
{
    internal static Command Build(PayloadKind kind)
    {
        var word = kind.Word();
        var name = new Argument<string>(word.ToUpperInvariant());
        var file = new Argument<string?>("file|-")
        {
            Arity = ArgumentArity.ZeroOrOne, Description = "Where the content is; - is standard input",
        };
        var label = new Option<string[]>("--label", "-l")
        {
            Description = "Set a label key=value", DefaultValueFactory = _ => [],
        };
        var driver = new Option<string?>("--driver", "-d") { Hidden = true };
        var template = new Option<string?>("--template-driver") { Hidden = true };
        var command = new Command("create", $"Create a {word} from a file or standard input")
        {
            name, file, label, template,
        };
        if (kind == PayloadKind.Secret)
        {
            command.Add(driver);
        }

        return command.Does(async (ctl, parsed, ct) =>
        {
            Refuse("--driver", kind == PayloadKind.Secret ? parsed.GetValue(driver) : null,
                "there are no plugins; create the secret from what the driver would give");
            Refuse("--template-driver", parsed.GetValue(template),
                "templates are expanded in --env, --hostname and --mount only; create it from the expanded text");
            var spec = new PayloadSpec { Name = parsed.GetRequiredValue(name) };
            SpecBuilder.Labels(spec.Labels, "--label", parsed.GetRequiredValue(label));
            var data = await ReadAsync(kind, parsed.GetValue(file) ?? "-", ct).ConfigureAwait(false);
            var created = await ctl.CallAsync<CreatePayloadRequest, CreatePayloadResponse>(
                "CreatePayload", new CreatePayloadRequest { Kind = kind, Spec = spec, Data = data }, ct)
                .ConfigureAwait(false);
            ctl.Out.WriteLine(created.Id);
            return ExitCode.Done;
        });
    }

    /// <summary>One byte more than may be: enough for the manager to say what the rule is.</summary>
    private static async Task<ByteString> ReadAsync(PayloadKind kind, string path, CancellationToken ct)
    {
        var most = kind == PayloadKind.Secret ? PayloadRules.SecretBytesLimit : PayloadRules.ConfigBytesLimit;
        var bytes = new byte[most + 1];
        try
        {
            await using var source = path == "-" ? Console.OpenStandardInput() : File.OpenRead(path);
            var length = await source.ReadAtLeastAsync(bytes, bytes.Length, throwOnEndOfStream: false, ct)
                .ConfigureAwait(false);
            return length > 0
                ? ByteString.CopyFrom(bytes, 0, length)
                : throw new UsageException($"error reading from {path}: data is empty");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UsageException($"error reading from {path}: {e.Message}");
        }
        finally
        {
            System.Security.Cryptography.CryptographicOperations.ZeroMemory(bytes);
        }
    }

    private static void Refuse(string flag, string? value, string why)
    {
        if (!string.IsNullOrEmpty(value))
        {
            throw new CtlException(ExitCode.Refused, $"{flag} is not available in this version: {why}");
        }
    }
}
