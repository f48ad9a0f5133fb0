namespace Swarm.Runtime.Volumes;

/// <summary>What kind of refusal it is.</summary>
public enum VolumeErrorKind
{
    Invalid,
    NotFound,
    InUse,

    /// <summary>There is another volume of that name.</summary>
    Conflict,

    /// <summary>The kernel or the disk refused.</summary>
    Failed,
}

/// <summary>A request on a volume that was refused or failed, in one clear line.</summary>
public sealed class VolumeException : Exception
{
    public VolumeException(VolumeErrorKind kind, string message, Exception? inner = null)
        : base(message, inner) => Kind = kind;

    public VolumeException(string message)
        : base(message)
    {
    }

    public VolumeException(string message, Exception inner)
        : base(message, inner)
    {
    }

    public VolumeException()
    {
    }

    public VolumeErrorKind Kind { get; }

    internal static VolumeException Invalid(string message) => new(VolumeErrorKind.Invalid, message);
}
