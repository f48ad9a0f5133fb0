using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using Google.Protobuf.Reflection;
using Swarm.Protocol.V1;

namespace Swarm.Ctl.Tests.Cli;

/// <summary>swarmctl names methods and their messages without descriptors: here they are compared with them.</summary>
public sealed partial class MethodTests
{
    private static readonly Dictionary<string, ServiceDescriptor> Services = new(StringComparer.Ordinal)
    {
        ["CallAsync"] = ControlReflection.Descriptor.Services[0],
        ["StreamAsync"] = ControlReflection.Descriptor.Services[0],
        ["LocalAsync"] = NodeReflection.Descriptor.Services[0],
        ["LocalPatientlyAsync"] = NodeReflection.Descriptor.Services[0],
        ["EachAsync"] = NodeReflection.Descriptor.Services[0],
        ["LocalStream"] = NodeReflection.Descriptor.Services[0],
        ["UploadAsync"] = NodeReflection.Descriptor.Services[0],
    };

    [Fact]
    public void Every_call_names_a_method_with_its_messages_and_its_kind()
    {
        var calls = Directory.EnumerateFiles(Folder(), "*.cs", SearchOption.AllDirectories)
            .SelectMany(file => Call().Matches(File.ReadAllText(file))).ToList();
        Assert.True(calls.Count > 60, $"only {calls.Count} calls were found");
        Assert.Empty(calls.Where(call => Wrong(call) is not null).Select(call => $"{Wrong(call)}: {call.Value}"));
    }

    [Fact]
    public void Services_are_called_by_their_names()
    {
        var source = File.ReadAllText(Path.Combine(Folder(), "Cli", "Ctl.cs"));
        Assert.Contains($"Control = \"{ControlReflection.Descriptor.Services[0].FullName}\"", source);
        Assert.Contains($"Local = \"{NodeReflection.Descriptor.Services[0].FullName}\"", source);
    }

    private static string? Wrong(Match call)
    {
        var how = call.Groups["how"].Value;
        if (Services[how].FindMethodByName(call.Groups["name"].Value) is not { } method)
            return "no such method";
        if ((method.InputType.Name, method.OutputType.Name) != (call.Groups["in"].Value, call.Groups["out"].Value))
            return $"{method.InputType.Name} and {method.OutputType.Name} belong to it";
        var streams = (how is "UploadAsync", how is "LocalStream" or "StreamAsync");
        return (method.IsClientStreaming, method.IsServerStreaming) == streams ? null : "streams otherwise";
    }

    private static string Folder([CallerFilePath] string here = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "../../../src/Ctl"));

    [GeneratedRegex(
        @"(?<how>(Call|Stream|Local|LocalPatiently|Each|Upload)Async|LocalStream)<\s*(?<in>\w+Request),"
        + @"\s*(?<out>\w+Response)>\(\s*(ctl,\s*)?""(?<name>\w+)""")]
    private static partial Regex Call();
}
