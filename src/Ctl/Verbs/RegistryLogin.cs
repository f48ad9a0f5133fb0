using System.CommandLine;
using Swarm.Ctl.Cli;
using Swarm.Protocol.V1;

namespace Swarm.Ctl.Verbs;

/// <summary>`login` and `logout`: the node's own credentials, since it is the node that pulls and pushes.</summary>
internal static class RegistryLogin
{
    internal static Command Login()
    {
        var server = new Argument<string?>("SERVER")
        {
            Description = "Host of the registry (default: Docker Hub)", Arity = ArgumentArity.ZeroOrOne,
        };
        var user = new Option<string?>("--username", "-u") { Description = "Username", HelpName = "string" };
        var password = new Option<string?>("--password", "-p") { Description = "Password", HelpName = "string" };
        var fromInput = new Option<bool>("--password-stdin") { Description = "Take the password from stdin" };
        var command = new Command("login", "Store credentials for a registry on this node")
        {
            server, user, password, fromInput,
        };
        return command.Does(async (ctl, parsed, ct) =>
        {
            var name = parsed.GetValue(user);
            var given = parsed.GetValue(password);
            if (parsed.GetValue(fromInput) && (given is not null || string.IsNullOrEmpty(name)))
            {
                throw new UsageException(
                    given is null ? "must provide --username with --password-stdin"
                        : "--password and --password-stdin are mutually exclusive");
            }

            if (given is not null)
            {
                ctl.Error.WriteLine(
                    "WARNING! Using --password via the CLI is insecure. Use --password-stdin.");
            }

            name = string.IsNullOrEmpty(name) ? AskName(ctl) : name;
            given ??= await SecretInput.ReadLineAsync("Password: ", ctl.Error, ct).ConfigureAwait(false);
            await ctl.LocalAsync<LoginRegistryRequest, LoginRegistryResponse>(
                "LoginRegistry",
                new LoginRegistryRequest { Server = parsed.GetValue(server) ?? "", User = name, Password = given },
                ct).ConfigureAwait(false);
            ctl.Out.WriteLine("Login Succeeded");
            return ExitCode.Done;
        });
    }

    internal static Command Logout()
    {
        var server = new Argument<string?>("SERVER")
        {
            Description = "Host of the registry (default: Docker Hub)", Arity = ArgumentArity.ZeroOrOne,
        };
        var command = new Command("logout", "Delete the credentials for a registry from this node") { server };
        return command.Does(async (ctl, parsed, ct) =>
        {
            var answer = await ctl.LocalAsync<LogoutRegistryRequest, LogoutRegistryResponse>(
                "LogoutRegistry", new LogoutRegistryRequest { Server = parsed.GetValue(server) ?? "" }, ct)
                .ConfigureAwait(false);
            ctl.Out.WriteLine(answer.HadCredentials
                ? $"Removing login credentials for {answer.Host}"
                : $"Not logged in to {answer.Host}");
            return ExitCode.Done;
        });
    }

    private static string AskName(Cli.Ctl ctl)
    {
        if (Console.IsInputRedirected)
        {
            throw new UsageException("--username is needed where nobody can be asked");
        }

        ctl.Error.Write("Username: ");
        ctl.Error.Flush();
        return Console.In.ReadLine()?.Trim() ?? "";
    }
}
