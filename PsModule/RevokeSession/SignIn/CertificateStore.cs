using System;
using System.Collections.Generic;
using System.Linq;
using System.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace RevokeSession;

/// <summary>Finds certificates where <c>Connect-MgGraph</c> finds them: in the user's store, then in the machine's.</summary>
internal static class CertificateStore
{
    private static readonly StoreLocation[] Locations = [StoreLocation.CurrentUser, StoreLocation.LocalMachine];

    /// <summary>By thumbprint, as people paste it.</summary>
    public static ClientCertificate ByThumbprint(string thumbprint)
    {
        // What the Windows dialogue copies begins with an invisible mark.
        string wanted = string.Concat(thumbprint.Where(char.IsAsciiLetterOrDigit));
        return Find(
            certificate => wanted.Equals(certificate.Thumbprint, StringComparison.OrdinalIgnoreCase),
            $"with the thumbprint {thumbprint}",
            thumbprint);
    }

    /// <summary>By distinguished name, or by the simple name in it.</summary>
    public static ClientCertificate BySubjectName(string name)
    {
        string distinguished = Canonical(name);
        return Find(
            certificate => distinguished.Equals(Canonical(certificate.Subject), StringComparison.OrdinalIgnoreCase)
                || name.Equals(certificate.GetNameInfo(X509NameType.SimpleName, false), StringComparison.OrdinalIgnoreCase),
            $"with the subject name '{name}'",
            name);
    }

    private static ClientCertificate Find(Predicate<X509Certificate2> matches, string what, string target)
    {
        List<X509Certificate2> all = [.. Locations.SelectMany(Read)];
        try
        {
            DateTime now = DateTime.Now;
            X509Certificate2? best = all
                .Where(certificate => matches(certificate))
                .OrderByDescending(certificate => certificate.HasPrivateKey && certificate.NotBefore <= now && now <= certificate.NotAfter)
                .ThenByDescending(certificate => certificate.HasPrivateKey)
                .ThenByDescending(certificate => certificate.NotAfter)
                .FirstOrDefault();
            return best is null
                ? throw SignInErrors.CertificateNotFound($"{what} in CurrentUser\\My or LocalMachine\\My", target)
                : ClientCertificate.Of(best);
        }
        finally
        {
            all.ForEach(certificate => certificate.Dispose());
        }
    }

    private static IEnumerable<X509Certificate2> Read(StoreLocation location)
    {
        using X509Store store = new(StoreName.My, location);
        try
        {
            store.Open(OpenFlags.ReadOnly | OpenFlags.OpenExistingOnly);
        }
        catch (Exception error) when (error is CryptographicException or SecurityException or PlatformNotSupportedException)
        {
            // Not every system and account has both.
            return [];
        }
        return store.Certificates;
    }

    /// <summary>A distinguished name without the spaces that people and tools put in differently.</summary>
    private static string Canonical(string name) => string.Join(',', name.Split(',', StringSplitOptions.TrimEntries));
}
