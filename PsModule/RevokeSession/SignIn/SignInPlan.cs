using System;
using System.Collections.Generic;
using RevokeSession.Native;

namespace RevokeSession;

/// <summary>One way to sign in, with all it needs; where to, the place tells.</summary>
internal sealed class SignInPlan : IDisposable
{
    private readonly CredentialKind credential;

    private SignInPlan(CredentialKind credential) => this.credential = credential;

    /// <summary>A client secret or an access token.</summary>
    public SecretBytes? Secret { get; private init; }

    /// <summary>What signs. It belongs to the connection once there is one.</summary>
    public ClientCertificate? Certificate { get; private init; }

    /// <summary>What lends its token.</summary>
    public MgGraphSession? Lender { get; private init; }

    /// <summary>The tenant that was named.</summary>
    public string? TenantId { get; private init; }

    private string? ClientId { get; init; }

    private string? FederatedTokenFile { get; init; }

    private IReadOnlyList<string> Scopes { get; init; } = [];

    /// <summary>An application with its secret.</summary>
    public static SignInPlan ForSecret(string tenant, string client, SecretBytes secret) =>
        new(CredentialKind.ClientSecret) { TenantId = tenant, ClientId = client, Secret = secret };

    /// <summary>An application with a certificate.</summary>
    public static SignInPlan ForCertificate(string tenant, string client, ClientCertificate certificate) =>
        new(CredentialKind.Certificate) { TenantId = tenant, ClientId = client, Certificate = certificate };

    /// <summary>An application that trusts another issuer's tokens.</summary>
    public static SignInPlan ForFederatedToken(string tenant, string client, string file) =>
        new(CredentialKind.FederatedTokenFile) { TenantId = tenant, ClientId = client, FederatedTokenFile = file };

    /// <summary>The identity of the machine, or the one of its identities that is named.</summary>
    public static SignInPlan ForManagedIdentity(string? client) => new(CredentialKind.ManagedIdentity) { ClientId = client };

    /// <summary>The account of the Azure CLI.</summary>
    public static SignInPlan ForAzureCli(string? tenant) => new(CredentialKind.AzureCli) { TenantId = tenant };

    /// <summary>A user with another device.</summary>
    public static SignInPlan ForDeviceCode(string? tenant, string? client, IReadOnlyList<string> scopes) =>
        new(CredentialKind.DeviceCode) { TenantId = tenant, ClientId = client, Scopes = scopes };

    /// <summary>A token that somebody already has.</summary>
    public static SignInPlan ForAccessToken(SecretBytes token) => new(CredentialKind.AccessToken) { Secret = token };

    /// <summary>The session of <c>Connect-MgGraph</c>.</summary>
    public static SignInPlan ForMgGraph(MgGraphSession session) => new(CredentialKind.BorrowedToken)
    {
        Lender = session,
        TenantId = session.Identity.TenantId,
        ClientId = session.Identity.ClientId,
        Scopes = session.Scopes,
    };

    /// <summary>What to ask the native library for.</summary>
    public ConnectRequest ToRequest(SignInPlace place) => new()
    {
        credential = credential,
        tenant_id = TenantId,
        client_id = ClientId,
        certificate = Certificate?.Describe(),
        federated_token_file = FederatedTokenFile,
        scopes = [.. Scopes],
        account = Lender?.Identity.Account,
        environment = place.Environment.ToString(),
        graph_endpoint = place.GraphEndpoint,
        authority_host = place.AuthorityHost,
        proxy = place.Proxy,
        write_quota = place.WriteQuota,
        variables = CallerVariables.For(credential),
    };

    /// <inheritdoc/>
    public void Dispose() => Secret?.Dispose();
}
