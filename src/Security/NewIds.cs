using System.Security.Cryptography;
using Swarm.Model;

namespace Swarm.Security;

/// <summary>Ids of objects that are made now. The pure cores get theirs as arguments.</summary>
public static class NewIds
{
    /// <summary>A random one in <see cref="IdFormat"/>'s form: nobody has it.</summary>
    public static string Next() => IdFormat.FromRandom(RandomNumberGenerator.GetBytes(IdFormat.RandomBytes));
}
