using System;
using RevokeSession.Native;

namespace RevokeSession;

/// <summary>Who is signed in, where and until when. Holds no secret.</summary>
public sealed class RsContext
{
    internal RsContext(SessionContext context)
    {
        Account = context.account;
        ClientId = context.client_id;
        TenantId = context.tenant_id;
        Environment = context.environment;
        GraphEndpoint = context.graph_endpoint;
        AuthorityHost = context.authority_host;
        AuthType = context.auth_type;
        TokenCredentialType = context.credential_type;
        Scopes = context.scopes.ToArray();
        Roles = context.roles.ToArray();
        ExpiresOn = context.expires_on is { } moment
            ? DateTimeOffset.FromUnixTimeMilliseconds(moment).ToLocalTime()
            : null;
    }

    /// <summary>User principal name of the signed-in user, or the name of the application.</summary>
    public string? Account { get; }

    /// <summary>Application (client) id.</summary>
    public string? ClientId { get; }

    /// <summary>Tenant id.</summary>
    public string? TenantId { get; }

    /// <summary>The national cloud, or <c>Custom</c>.</summary>
    public string Environment { get; }

    /// <summary>The Graph endpoint in use.</summary>
    public string GraphEndpoint { get; }

    /// <summary>The authority in use.</summary>
    public string AuthorityHost { get; }

    /// <summary><c>AppOnly</c>, <c>Delegated</c> or <c>Unknown</c>.</summary>
    public string AuthType { get; }

    /// <summary>How the session signs in.</summary>
    public string TokenCredentialType { get; }

    /// <summary>Delegated permissions in the token.</summary>
    public string[] Scopes { get; }

    /// <summary>Application permissions in the token.</summary>
    public string[] Roles { get; }

    /// <summary>When the token ends.</summary>
    public DateTimeOffset? ExpiresOn { get; }
}
