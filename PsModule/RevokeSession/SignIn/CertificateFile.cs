using System;
using System.IO;
using System.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace RevokeSession;

/// <summary>Reads a certificate and its key from a file: PFX or PEM, whatever the file is called.</summary>
internal static class CertificateFile
{
    private const string Wanted = "Pass a PFX file or a PEM file that holds a certificate and its RSA private key, and the password it is locked with by -CertificatePassword.";

    // What OpenSSL wrote before PKCS #8. .NET takes it for no key at all.
    private const string OldEncryption = "Proc-Type: 4,ENCRYPTED";
    private const string EncryptedKey = "-----BEGIN ENCRYPTED PRIVATE KEY-----";

    // A key that is only passing through leaves no file behind; macOS cannot do without its keychain.
    private static readonly X509KeyStorageFlags Storage =
        OperatingSystem.IsMacOS() ? X509KeyStorageFlags.DefaultKeySet : X509KeyStorageFlags.EphemeralKeySet;

    /// <summary>Opens a file.</summary>
    /// <param name="path">Its path in the file system.</param>
    /// <param name="password">What it is locked with.</param>
    /// <exception cref="SignInException">There is none, or none that can be signed in with.</exception>
    public static ClientCertificate Open(string path, SecureString? password)
    {
        try
        {
            using SecretBytes content = SecretBytes.FromFile(path);
            using X509Certificate2 certificate = content.Utf8.AsSpan().IndexOf("-----BEGIN "u8) >= 0
                ? FromPem(content, password, path)
                : new X509Certificate2(content.Utf8, password, Storage);
            return ClientCertificate.Of(certificate);
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            throw SignInErrors.CertificateNotFound($"file '{path}'", path, error);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or CryptographicException or ArgumentException)
        {
            throw Unusable($"The certificate file '{path}' cannot be opened: {error.Message}", path, error);
        }
    }

    private static X509Certificate2 FromPem(SecretBytes content, SecureString? password, string path)
    {
        using SecretChars pem = SecretChars.From(content);
        if (pem.Text.Contains(OldEncryption, StringComparison.Ordinal))
        {
            string why = $"The private key in '{path}' is encrypted in the old form of OpenSSL, which cannot be read.";
            throw SignInErrors.CertificateUnusable(why, "Convert the key by openssl pkcs8 -topk8 -v2 aes256.", path);
        }
        if (!pem.Text.Contains("PRIVATE KEY-----", StringComparison.Ordinal))
        {
            throw Unusable($"The certificate file '{path}' has no private key.", path);
        }
        if (!pem.Text.Contains(EncryptedKey, StringComparison.Ordinal))
        {
            return X509Certificate2.CreateFromPem(pem.Text, pem.Text);
        }
        if (password is null)
        {
            throw Unusable($"The private key in '{path}' is encrypted, and no password was given.", path);
        }
        using SecretChars secret = SecretChars.From(password);
        return X509Certificate2.CreateFromEncryptedPem(pem.Text, pem.Text, secret.Text);
    }

    private static SignInException Unusable(string why, string path, Exception? cause = null) =>
        SignInErrors.CertificateUnusable(why, Wanted, path, cause);
}
