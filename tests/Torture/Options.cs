using System.Globalization;

namespace Swarm.Torture;

/// <summary>What a run is told.</summary>
internal sealed record Options
{
    public int? Rounds { get; init; }

    public int Kills { get; init; } = 50;

    /// <summary>Writes a second of all clients together.</summary>
    public int Rate { get; init; } = 200;

    public int Clients { get; init; } = 16;

    public int Readers { get; init; } = 4;

    public int Keys { get; init; } = 40;

    public double PauseSeconds { get; init; } = 5;

    public int Seconds { get; init; } = 120;

    public int LoadPerCore { get; init; } = 2;

    public int MaxP99Ms { get; init; } = 1500;

    /// <summary>Containers at a time.</summary>
    public int Containers { get; init; } = 20;

    /// <summary>Starts and stops.</summary>
    public int? Cycles { get; init; }

    public int Seed { get; init; } = Random.Shared.Next();

    /// <summary>A manager of the lab; empty = the first host.</summary>
    public string Host { get; init; } = "";

    public string LabDirectory { get; init; } = "";

    public string HistoryFile { get; init; } = "";

    /// <exception cref="FormatException">An option is unknown or has no value that fits.</exception>
    public static Options Parse(ReadOnlySpan<string> args)
    {
        var options = new Options();
        for (var i = 0; i < args.Length; i += 2)
        {
            if (i + 1 == args.Length)
                throw new FormatException($"{args[i]} needs a value");
            options = With(options, args[i], args[i + 1]);
        }

        return options;
    }

    internal string HostIn(Lab lab) => Host.Length == 0 ? lab.Hosts[0]
        : lab.Hosts.Contains(Host) ? Host
        : throw new InvalidOperationException($"--host: the lab has no host {Host} that is on");

    private static Options With(Options o, string name, string value) => name switch
    {
        "--rounds" => o with { Rounds = Number(name, value) },
        "--kills" => o with { Kills = Number(name, value) },
        "--rate" => o with { Rate = Number(name, value) },
        "--clients" => o with { Clients = Number(name, value) },
        "--readers" => o with { Readers = Number(name, value) },
        "--keys" => o with { Keys = Number(name, value) },
        "--pause" => o with { PauseSeconds = Number(name, value) },
        "--seconds" => o with { Seconds = Number(name, value) },
        "--load" => o with { LoadPerCore = Number(name, value) },
        "--max-p99" => o with { MaxP99Ms = Number(name, value) },
        "--containers" => o with { Containers = Number(name, value) },
        "--cycles" => o with { Cycles = Number(name, value) },
        "--seed" => o with { Seed = Number(name, value) },
        "--host" => o with { Host = value },
        "--lab" => o with { LabDirectory = value },
        "--history" => o with { HistoryFile = value },
        _ => throw new FormatException($"does not know {name}"),
    };

    private static int Number(string name, string value) =>
        int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? number
            : throw new FormatException($"{name}: '{value}' is not a number");
}
