using System.Runtime.InteropServices;

namespace Swarm.Runtime.Containers;

/// <summary>libseccomp: rules in, the kernel's program out.</summary>
internal static partial class SeccompNative
{
    private const string Library = "libseccomp.so.2";
    private const uint Allow = 0x7fff0000;
    private const uint ErrnoBase = 0x00050000;
    private const uint NotPermitted = 1;
    private const int AttributeBadArchitecture = 2;
    private const int AttributeOptimize = 8;
    private const uint BinaryTree = 2;
    private const int NoSuchSyscall = -1;
    private const int MaskedEqual = 7;
    private const int AlreadyThere = -17;

    [LibraryImport(Library)]
    private static partial nint seccomp_init(uint action);

    [LibraryImport(Library)]
    private static partial void seccomp_release(nint context);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int seccomp_syscall_resolve_name(string name);

    [LibraryImport(Library)]
    private static partial int seccomp_attr_set(nint context, int attribute, uint value);

    [LibraryImport(Library)]
    private static partial int seccomp_rule_add_array(
        nint context, uint action, int call, uint count, in Comparison args);

    [LibraryImport(Library)]
    private static partial int seccomp_export_bpf(nint context, int fd);

    [StructLayout(LayoutKind.Sequential)]
    private struct Comparison
    {
        public uint Argument;
        public int Operation;
        public ulong First;
        public ulong Second;
    }

    /// <exception cref="ContainerException">libseccomp is missing or refuses a rule.</exception>
    internal static byte[] Compile(IEnumerable<SeccompRule> rules)
    {
        var context = seccomp_init(ErrnoBase | NotPermitted);
        if (context == 0)
            throw new ContainerException("libseccomp could not start a filter");
        try
        {
            // Calls of another architecture (32-bit programs) fail instead of ending the process.
            Check(seccomp_attr_set(context, AttributeBadArchitecture, ErrnoBase | NotPermitted), "architecture");
            Check(seccomp_attr_set(context, AttributeOptimize, BinaryTree), "optimize");
            foreach (var rule in rules)
                Add(context, rule);
            return Export(context);
        }
        finally
        {
            seccomp_release(context);
        }
    }

    private static void Add(nint context, SeccompRule rule)
    {
        var call = seccomp_syscall_resolve_name(rule.Name);
        // A call that this libseccomp or architecture does not know stays denied by default. Pseudo numbers below -1
        // stand for calls that this architecture lacks.
        if (call <= NoSuchSyscall)
            return;
        var comparison = default(Comparison);
        if (rule.Condition is { } condition)
        {
            comparison = new Comparison
            {
                Argument = condition.Argument,
                Operation = MaskedEqual,
                First = condition.Mask,
                Second = condition.EqualTo,
            };
        }
        var action = rule.Errno == 0 ? Allow : ErrnoBase | (uint)rule.Errno;
        var result = seccomp_rule_add_array(context, action, call, rule.Condition is null ? 0u : 1u, in comparison);
        if (result != AlreadyThere)
            Check(result, rule.Name);
    }

    private static byte[] Export(nint context)
    {
        var path = Path.GetTempFileName();
        try
        {
            using var file = File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite);
            Check(seccomp_export_bpf(context, (int)file.DangerousGetHandle()), "export");
            var program = new byte[RandomAccess.GetLength(file)];
            var read = RandomAccess.Read(file, program, 0);
            return read == program.Length && read > 0
                ? program
                : throw new ContainerException("libseccomp exported an incomplete filter");
        }
        finally
        {
            File.Delete(path);
        }
    }

    private static void Check(int result, string what)
    {
        if (result != 0)
            throw new ContainerException($"libseccomp refused {what}: {Marshal.GetPInvokeErrorMessage(-result)}");
    }
}
