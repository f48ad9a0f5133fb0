using System.Net;

namespace Swarm.Runtime.Images;

/// <summary>What went wrong between us and a registry, in one line that says what to do. Pure.</summary>
internal static class RegistryFailures
{
    internal static ImageException Of(ImageReference reference, HttpRequestException e)
    {
        if (e.InnerException is ImageException ours)
            return new ImageException(ours.Kind, ours.Message, e);
        var why = e.InnerException?.Message ?? e.Message;
        return e.HttpRequestError == HttpRequestError.SecureConnectionError
            ? Unreachable(
                reference,
                $"TLS failed: {why} (a registry without TLS must be listed: swarmd --insecure-registry "
                + $"{reference.Host})",
                e)
            : Unreachable(reference, $"{why}; check its name in the image, and that this node reaches it", e);
    }

    internal static ImageException Unreachable(ImageReference reference, string why, Exception inner) =>
        new(ImageErrorKind.Unreachable, $"registry {reference.Host} cannot be reached: {why}", inner);

    internal static ImageException Of(ImageReference reference, HttpStatusCode status, string actions) =>
        (int)status switch
        {
            404 => new ImageException(
                ImageErrorKind.NotFound,
                $"No such image: {reference} (the registry {reference.Host} has no such repository or tag; check the "
                + "name, or push it there first)"),
            401 or 403 => Denied(reference, status, actions),
            429 or >= 500 => new ImageException(
                ImageErrorKind.Unreachable,
                $"registry {reference.Host} answered {(int)status} for {reference}; try again later"),
            _ => ImageException.Invalid($"registry {reference.Host} answered {(int)status} for {reference}"),
        };

    internal static ImageException Denied(ImageReference reference, HttpStatusCode status, string actions)
    {
        var what = actions == RegistryRequest.Pull ? "pull" : "push";
        return new ImageException(
            ImageErrorKind.Denied,
            $"{what} access denied for {reference}: the repository does not exist or wants credentials "
            + $"(status {(int)status}); 'swarmctl login {reference.Host}' on this node stores them");
    }
}
