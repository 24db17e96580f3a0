using System;
using System.Collections.Generic;
using System.Linq;
using System.Security;

namespace RevokeSession;

/// <summary>
/// A way to sign in as the variables of the Azure SDKs name it. Where to sign in is not among them: no variable
/// may send a secret somewhere else.
/// </summary>
internal static class EnvironmentSignIn
{
    private const string Tenant = "AZURE_TENANT_ID";
    private const string Client = "AZURE_CLIENT_ID";
    private const string Secret = "AZURE_CLIENT_SECRET";
    private const string Certificate = "AZURE_CLIENT_CERTIFICATE_PATH";
    private const string CertificatePassword = "AZURE_CLIENT_CERTIFICATE_PASSWORD";
    private const string Federated = "AZURE_FEDERATED_TOKEN_FILE";

    /// <summary>The way the variables name.</summary>
    /// <param name="resolve">Makes a path of the file system of what was given.</param>
    /// <exception cref="SignInException">They name none.</exception>
    public static SignInPlan Plan(Func<string, string> resolve)
    {
        string? tenant = Read(Tenant);
        string? client = Read(Client);
        string? proof = new[] { Secret, Certificate, Federated }.FirstOrDefault(name => Read(name) is not null);
        if (tenant is null || client is null || proof is null)
        {
            throw SignInErrors.EnvironmentVariableMissing(Missing(tenant, client, proof));
        }
        string content = Read(proof)!;
        switch (proof)
        {
            case Secret:
                return SignInPlan.ForSecret(tenant, client, SecretBytes.From(content));
            case Certificate:
                using (SecureString? password = Secure(Read(CertificatePassword)))
                {
                    return SignInPlan.ForCertificate(tenant, client, CertificateFile.Open(resolve(content), password));
                }
            default:
                return SignInPlan.ForFederatedToken(tenant, client, resolve(content));
        }
    }

    private static string Missing(string? tenant, string? client, string? proof)
    {
        List<string> missing = [];
        if (tenant is null)
        {
            missing.Add(Tenant);
        }
        if (client is null)
        {
            missing.Add(Client);
        }
        if (proof is null)
        {
            missing.Add($"one of {Secret}, {Certificate} and {Federated}");
        }
        return string.Join(", and ", missing);
    }

    private static string? Read(string name) =>
        Environment.GetEnvironmentVariable(name) is { Length: > 0 } content ? content : null;

    private static SecureString? Secure(string? text)
    {
        if (text is null)
        {
            return null;
        }
        SecureString secret = new();
        foreach (char character in text)
        {
            secret.AppendChar(character);
        }
        return secret;
    }
}
