namespace Swarm.Runtime.Images;

/// <summary>What went wrong with an image, as far as a caller decides differently.</summary>
public enum ImageErrorKind
{
    /// <summary>The registry answered that there is no such repository, tag or blob.</summary>
    NotFound,

    /// <summary>The registry wants other credentials, or we refuse to send them where it wants them.</summary>
    Denied,

    /// <summary>No answer, a broken connection, a server error: trying again later may help.</summary>
    Unreachable,

    /// <summary>The reference or a document of the image breaks a rule: trying again does not help.</summary>
    Invalid,

    /// <summary>Bytes do not have the digest that was promised.</summary>
    Corrupt,

    /// <summary>A limit was passed.</summary>
    TooLarge,

    /// <summary>A container uses the image, or a service may need it.</summary>
    InUse,

    /// <summary>The disk has not enough space, after what nobody needs was removed.</summary>
    DiskFull,
}

/// <summary>An image cannot be had or used. The message is one line for the user.</summary>
public sealed class ImageException(ImageErrorKind kind, string message, Exception? inner = null)
    : Exception(message, inner)
{
    /// <summary>Class of the failure.</summary>
    public ImageErrorKind Kind { get; } = kind;

    internal static ImageException Invalid(string message) => new(ImageErrorKind.Invalid, message);

    internal static ImageException TooLarge(string message) => new(ImageErrorKind.TooLarge, message);

    internal static ImageException Corrupt(string message) => new(ImageErrorKind.Corrupt, message);
}
