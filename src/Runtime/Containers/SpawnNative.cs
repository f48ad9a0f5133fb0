using System.Runtime.InteropServices;
using System.Text;

namespace Swarm.Runtime.Containers;

/// <summary>
/// posix_spawn with a clean slate: only the descriptors that are named here, no ignored or blocked signal
/// (.NET ignores SIGPIPE and a container would inherit that), working directory "/".
/// </summary>
internal static unsafe partial class SpawnNative
{
    private const int ActionsBytes = 256;
    private const int AttributesBytes = 512;
    private const int SignalSetBytes = 128;
    private const short SetSignalDefaults = 0x04;
    private const short SetSignalMask = 0x08;
    private const short SetSession = 0x80;
    private const int ReadOnly = 0;
    private const int WriteOnly = 1;
    private const int ReadWrite = 2;

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int posix_spawn(
        out int pid, string path, byte* actions, byte* attributes, byte** argv, byte** envp);

    [LibraryImport("libc")]
    private static partial int posix_spawn_file_actions_init(byte* actions);

    [LibraryImport("libc")]
    private static partial int posix_spawn_file_actions_destroy(byte* actions);

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int posix_spawn_file_actions_addopen(
        byte* actions, int fd, string path, int flags, uint mode);

    [LibraryImport("libc")]
    private static partial int posix_spawn_file_actions_adddup2(byte* actions, int from, int to);

    [LibraryImport("libc")]
    private static partial int posix_spawn_file_actions_addclosefrom_np(byte* actions, int first);

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int posix_spawn_file_actions_addchdir_np(byte* actions, string path);

    [LibraryImport("libc")]
    private static partial int posix_spawnattr_init(byte* attributes);

    [LibraryImport("libc")]
    private static partial int posix_spawnattr_destroy(byte* attributes);

    [LibraryImport("libc")]
    private static partial int posix_spawnattr_setflags(byte* attributes, short flags);

    [LibraryImport("libc")]
    private static partial int posix_spawnattr_setsigdefault(byte* attributes, byte* set);

    [LibraryImport("libc")]
    private static partial int posix_spawnattr_setsigmask(byte* attributes, byte* set);

    /// <summary>
    /// Starts a program with stdin and (when <paramref name="outputFd"/> is negative) output on /dev/null.
    /// <paramref name="extraFd"/>, when not negative, becomes descriptor 3. Returns the process id, which with
    /// <paramref name="leads"/> is also that of a session and group of its own.
    /// </summary>
    internal static int Spawn(
        string path, IReadOnlyList<string> args, string[] env, int outputFd, int extraFd, bool leads = false) =>
        Spawn(path, args, env, new SpawnFiles { Output = outputFd, Error = outputFd, Extra = extraFd, Leads = leads });

    /// <summary>The same with the descriptors named one by one.</summary>
    internal static int Spawn(string path, IReadOnlyList<string> args, string[] env, SpawnFiles files)
    {
        var actions = stackalloc byte[ActionsBytes];
        var attributes = stackalloc byte[AttributesBytes];
        Check(posix_spawn_file_actions_init(actions), path);
        Check(posix_spawnattr_init(attributes), path);
        try
        {
            FillActions(actions, path, files);
            FillAttributes(attributes, path, files.Leads);
            using var argv = new StringVector([path, .. args]);
            using var envp = new StringVector(env);
            Check(posix_spawn(out var pid, path, actions, attributes, argv.Pointer, envp.Pointer), path);
            return pid;
        }
        finally
        {
            _ = posix_spawn_file_actions_destroy(actions);
            _ = posix_spawnattr_destroy(attributes);
        }
    }

    private static void FillActions(byte* actions, string path, SpawnFiles files)
    {
        Check(posix_spawn_file_actions_addchdir_np(actions, "/"), path);
        if (files.Terminal is not null)
        {
            // Who leads a session and opens a terminal that nobody has gets it as its own.
            Check(posix_spawn_file_actions_addopen(actions, 0, files.Terminal, ReadWrite, 0), path);
            Check(posix_spawn_file_actions_adddup2(actions, 0, 1), path);
            Check(posix_spawn_file_actions_adddup2(actions, 0, 2), path);
        }
        else
        {
            FillOne(actions, path, files.Input, 0, ReadOnly);
            FillOne(actions, path, files.Output, 1, WriteOnly);
            FillOne(actions, path, files.Error, 2, WriteOnly);
        }
        if (files.Extra >= 0)
            Check(posix_spawn_file_actions_adddup2(actions, files.Extra, 3), path);
        Check(posix_spawn_file_actions_addclosefrom_np(actions, files.Extra >= 0 ? 4 : 3), path);
    }

    private static void FillOne(byte* actions, string path, int from, int to, int flags) => Check(
        from >= 0
            ? posix_spawn_file_actions_adddup2(actions, from, to)
            : posix_spawn_file_actions_addopen(actions, to, "/dev/null", flags, 0),
        path);

    private static void FillAttributes(byte* attributes, string path, bool leads)
    {
        var set = stackalloc byte[SignalSetBytes];
        new Span<byte>(set, SignalSetBytes).Clear();
        Check(posix_spawnattr_setsigmask(attributes, set), path);
        // Not sigfillset: it leaves libc's own signals 32 and 33 out, and those would then be ignored for ever.
        new Span<byte>(set, SignalSetBytes).Fill(0xFF);
        Check(posix_spawnattr_setsigdefault(attributes, set), path);
        var flags = SetSignalDefaults | SetSignalMask | (leads ? SetSession : 0);
        Check(posix_spawnattr_setflags(attributes, (short)flags), path);
    }

    private static void Check(int errno, string path)
    {
        if (errno != 0)
            throw new ContainerException($"cannot start {path}: {Marshal.GetPInvokeErrorMessage(errno)}");
    }

    private sealed class StringVector : IDisposable
    {
        private readonly int _count;

        internal StringVector(string[] values)
        {
            _count = values.Length;
            Pointer = (byte**)NativeMemory.AllocZeroed((nuint)(_count + 1), (nuint)sizeof(byte*));
            for (var i = 0; i < _count; i++)
            {
                var bytes = Encoding.UTF8.GetBytes(values[i]);
                Pointer[i] = (byte*)NativeMemory.AllocZeroed((nuint)bytes.Length + 1);
                bytes.CopyTo(new Span<byte>(Pointer[i], bytes.Length));
            }
        }

        internal byte** Pointer { get; }

        public void Dispose()
        {
            for (var i = 0; i < _count; i++)
                NativeMemory.Free(Pointer[i]);
            NativeMemory.Free(Pointer);
        }
    }
}
