using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;

namespace Swarm.Runtime.Tests.Containers;

/// <summary>One system call; text arguments are pointers to it.</summary>
internal sealed record ProbeCall(string Name, long Number, params object[] Arguments);

/// <summary>
/// A program for x86-64 without any library that makes system calls one after the other and writes what they returned,
/// eight bytes each, into the file /out. Written here byte by byte: no compiler is needed.
/// </summary>
internal static class SyscallProbe
{
    private const long Base = 0x400000;
    private const int HeaderBytes = 64 + 56;
    private const int OutputAt = 0x8000;
    private const int MemoryBytes = 0x10000;

    internal static bool IsPossible => RuntimeInformation.ProcessArchitecture == Architecture.X64;

    internal static void Write(string path, params ProbeCall[] calls)
    {
        var code = new List<byte>();
        var texts = new MemoryStream();
        const long textsAt = 0x4000;
        long Value(object argument)
        {
            if (argument is not string text)
                return Convert.ToInt64(argument);
            var at = Base + textsAt + texts.Length;
            texts.Write(Encoding.UTF8.GetBytes(text + "\0"));
            return at;
        }

        var results = 0;
        void Call(ProbeCall call, bool keep)
        {
            Number(code, [0x48, 0xB8], call.Number);
            byte[][] registers = [[0x48, 0xBF], [0x48, 0xBE], [0x48, 0xBA], [0x49, 0xBA], [0x49, 0xB8], [0x49, 0xB9]];
            for (var i = 0; i < registers.Length; i++)
                Number(code, registers[i], i < call.Arguments.Length ? Value(call.Arguments[i]) : 0);
            code.AddRange([0x0F, 0x05]);
            if (keep)
                Number(code, [0x48, 0xA3], Base + OutputAt + (8 * results++));
        }

        foreach (var call in calls)
            Call(call, keep: true);
        // open(O_WRONLY|O_TRUNC) gives 3: nothing else is open. Then write and exit_group.
        Call(new ProbeCall("open", 2, "/out", 0x201), keep: false);
        Call(new ProbeCall("write", 1, 3, Base + OutputAt, 8 * results), keep: false);
        Call(new ProbeCall("exit_group", 231, 0), keep: false);
        var file = new byte[textsAt + texts.Length];
        Assert.True(HeaderBytes + code.Count < textsAt && textsAt + texts.Length < OutputAt);
        Header(file);
        code.CopyTo(file, HeaderBytes);
        texts.ToArray().CopyTo(file, textsAt);
        File.WriteAllBytes(path, file);
        File.SetUnixFileMode(path, (UnixFileMode)0x1ED);
    }

    /// <summary>What the calls returned; a negative number is an error number.</summary>
    internal static Dictionary<string, long> Read(string output, params ProbeCall[] calls)
    {
        var bytes = File.ReadAllBytes(output);
        Assert.Equal(8 * calls.Length, bytes.Length);
        return calls.Select((c, i) => (c.Name, Result: BinaryPrimitives.ReadInt64LittleEndian(bytes.AsSpan(8 * i))))
            .ToDictionary(c => c.Name, c => c.Result);
    }

    private static void Number(List<byte> code, byte[] instruction, long value)
    {
        code.AddRange(instruction);
        code.AddRange(BitConverter.GetBytes(value));
    }

    private static void Header(Span<byte> file)
    {
        byte[] magic = [0x7F, (byte)'E', (byte)'L', (byte)'F', 2, 1, 1];
        magic.CopyTo(file);
        BitConverter.TryWriteBytes(file[16..], (short)2);
        BitConverter.TryWriteBytes(file[18..], (short)62);
        BitConverter.TryWriteBytes(file[20..], 1);
        BitConverter.TryWriteBytes(file[24..], Base + HeaderBytes);
        BitConverter.TryWriteBytes(file[32..], 64L);
        BitConverter.TryWriteBytes(file[52..], (short)64);
        BitConverter.TryWriteBytes(file[54..], (short)56);
        BitConverter.TryWriteBytes(file[56..], (short)1);
        var program = file[64..];
        BitConverter.TryWriteBytes(program, 1);
        BitConverter.TryWriteBytes(program[4..], 7);
        BitConverter.TryWriteBytes(program[16..], Base);
        BitConverter.TryWriteBytes(program[24..], Base);
        BitConverter.TryWriteBytes(program[32..], (long)file.Length);
        BitConverter.TryWriteBytes(program[40..], (long)MemoryBytes);
        BitConverter.TryWriteBytes(program[48..], 0x1000L);
    }
}
