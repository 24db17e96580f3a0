using System;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using RevokeSession.Native;

namespace RevokeSession;

/// <summary>
/// A certificate to sign in with. It is a copy, so that whoever gave the certificate may dispose it; where a key
/// store does not give the key away, the copy signs with it all the same.
/// </summary>
internal sealed class ClientCertificate : IDisposable
{
    private const string Needed = "Use a certificate with an RSA private key that this account may use.";

    private readonly X509Certificate2 certificate;
    private readonly RSA key;

    private ClientCertificate(X509Certificate2 certificate, RSA key)
    {
        this.certificate = certificate;
        this.key = key;
    }

    /// <summary>Makes a copy that can sign.</summary>
    /// <exception cref="SignInException">It could not sign.</exception>
    public static ClientCertificate Of(X509Certificate2 source)
    {
        X509Certificate2? copy = null;
        try
        {
            copy = new X509Certificate2(source);
            return new ClientCertificate(copy, KeyOf(copy));
        }
        catch (CryptographicException error)
        {
            copy?.Dispose();
            string why = $"The certificate's private key cannot be used: {error.Message}";
            throw SignInErrors.CertificateUnusable(why, Needed, null, error);
        }
        catch (SignInException)
        {
            copy?.Dispose();
            throw;
        }
    }

    /// <summary>What the native library must know of it.</summary>
    public CertificateInfo Describe() => new()
    {
        sha256 = [.. certificate.GetCertHash(HashAlgorithmName.SHA256)],
        not_before = Milliseconds(certificate.NotBefore),
        not_after = Milliseconds(certificate.NotAfter),
    };

    /// <summary>The PS256 signature of some data.</summary>
    public byte[] Sign(byte[] data) => key.SignData(data, HashAlgorithmName.SHA256, RSASignaturePadding.Pss);

    /// <inheritdoc/>
    public void Dispose()
    {
        key.Dispose();
        certificate.Dispose();
    }

    private static RSA KeyOf(X509Certificate2 certificate)
    {
        string name = $"The certificate {certificate.Thumbprint} ({certificate.Subject})";
        using (RSA? publicKey = certificate.GetRSAPublicKey())
        {
            if (publicKey is null)
            {
                string algorithm = certificate.PublicKey.Oid.FriendlyName ?? "another kind of";
                throw SignInErrors.CertificateUnusable($"{name} has no RSA key but {algorithm}.", Needed, certificate.Thumbprint);
            }
        }
        return certificate.GetRSAPrivateKey()
            ?? throw SignInErrors.CertificateUnusable($"{name} has no private key here.", Needed, certificate.Thumbprint);
    }

    private static long Milliseconds(DateTime local) => new DateTimeOffset(local).ToUnixTimeMilliseconds();
}
