using System.CommandLine;
using Swarm.Ctl.Cli;

namespace Swarm.Ctl.Verbs;

/// <summary>`completion bash|zsh|fish`: scripts that ask swarmctl itself for what fits.</summary>
internal static class Completion
{
    internal static Command Build()
    {
        var shell = new Argument<string>("SHELL") { Description = "bash, zsh or fish" };
        var command = new Command("completion", "Generate the completion script of a shell") { shell };
        command.SetAction(parsed =>
        {
            var script = parsed.GetRequiredValue(shell) switch
            {
                "bash" => Bash,
                "zsh" => Zsh,
                "fish" => Fish,
                _ => null,
            };
            if (script is null)
            {
                Console.Error.WriteLine($"shell '{parsed.GetValue(shell)}' is unknown; use bash, zsh or fish");
                return ExitCode.Usage;
            }

            Console.Out.WriteLine(script);
            return ExitCode.Done;
        });
        return command;
    }

    private const string Bash = """
        _swarmctl() {
            local words
            words=$(swarmctl "[suggest:${COMP_POINT}]" "${COMP_LINE}" 2>/dev/null)
            mapfile -t COMPREPLY < <(compgen -W "$words" -- "${COMP_WORDS[COMP_CWORD]}")
        }
        complete -o default -F _swarmctl swarmctl
        """;

    private const string Zsh = """
        #compdef swarmctl
        _swarmctl() {
            local -a words
            words=("${(@f)$(swarmctl "[suggest:${#BUFFER}]" "$BUFFER" 2>/dev/null)}")
            compadd -- $words
        }
        compdef _swarmctl swarmctl
        """;

    private const string Fish = """
        complete -f -c swarmctl -a '(swarmctl "[suggest:"(commandline -C)"]" (commandline -cp))'
        """;
}
