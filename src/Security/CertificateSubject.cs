using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Swarm.Model;

namespace Swarm.Security;

/// <summary>Who a node is, as its certificate says: CN = node id, OU = role, O = cluster id.</summary>
public readonly record struct CertificateSubject(NodeId NodeId, CertificateRole Role, ClusterId ClusterId)
{
    private const string CommonNameOid = "2.5.4.3";
    private const string OrganizationOid = "2.5.4.10";
    private const string OrganizationalUnitOid = "2.5.4.11";
    private const int Parts = 3;

    /// <summary>
    /// Reads the subject of a certificate whose chain has been checked. Exactly one CN, OU and O, each of its
    /// exact form, in any order: anything else is refused, because two readers could understand it differently.
    /// </summary>
    public static bool TryParse(X509Certificate2 certificate, out CertificateSubject subject)
    {
        ArgumentNullException.ThrowIfNull(certificate);
        subject = default;
        var values = new Dictionary<string, string>(StringComparer.Ordinal);
        return TryCollect(certificate.SubjectName, values)
            && values.Count == Parts
            && values.TryGetValue(CommonNameOid, out var node)
            && values.TryGetValue(OrganizationalUnitOid, out var unit)
            && values.TryGetValue(OrganizationOid, out var cluster)
            && TryMake(node, unit, cluster, out subject);
    }

    private static bool TryMake(string node, string unit, string cluster, out CertificateSubject subject)
    {
        subject = default;
        if (!CertificateForms.IsId(node)
            || !CertificateForms.IsId(cluster)
            || !RoleNames.TryParse(unit, out var role))
        {
            return false;
        }

        subject = new CertificateSubject(new NodeId(node), role, new ClusterId(cluster));
        return true;
    }

    private static bool TryCollect(X500DistinguishedName name, Dictionary<string, string> values)
    {
        try
        {
            foreach (var part in name.EnumerateRelativeDistinguishedNames())
            {
                if (part.HasMultipleElements
                    || part.GetSingleElementType().Value is not { } type
                    || part.GetSingleElementValue() is not { } value
                    || !values.TryAdd(type, value))
                {
                    return false;
                }
            }

            return true;
        }
        catch (CryptographicException)
        {
            return false;
        }
    }
}
