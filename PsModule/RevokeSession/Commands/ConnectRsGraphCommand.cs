using System;
using System.Management.Automation;
using System.Security;
using RevokeSession.Native;

namespace RevokeSession.Commands;

/// <summary>Signs in to Microsoft Graph.</summary>
[Cmdlet(VerbsCommunications.Connect, "RsGraph", DefaultParameterSetName = ClientSecretSet)]
[OutputType(typeof(void))]
public sealed class ConnectRsGraphCommand : NativeCmdlet
{
    private const string ClientSecretSet = "ClientSecret";
    private const string AccessTokenSet = "AccessToken";

    /// <summary>Tenant id or domain name.</summary>
    [Parameter(Mandatory = true, ParameterSetName = ClientSecretSet)]
    [ValidateNotNullOrEmpty]
    public string? TenantId { get; set; }

    /// <summary>The application: its client id as user name, its secret as password.</summary>
    [Parameter(Mandatory = true, ParameterSetName = ClientSecretSet)]
    [ValidateNotNull]
    public PSCredential? ClientSecretCredential { get; set; }

    /// <summary>An access token for Microsoft Graph.</summary>
    [Parameter(Mandatory = true, ParameterSetName = AccessTokenSet)]
    [ValidateNotNull]
    public SecureString? AccessToken { get; set; }

    /// <summary>The national cloud.</summary>
    [Parameter]
    public GraphEnvironment Environment { get; set; } = GraphEnvironment.Global;

    /// <summary>Another Graph endpoint than the cloud's own.</summary>
    [Parameter]
    [ValidateNotNull]
    public Uri? GraphEndpoint { get; set; }

    /// <summary>Another authority than the cloud's own.</summary>
    [Parameter]
    [ValidateNotNull]
    public Uri? AuthorityHost { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        GraphConnection connection = CallNative(() => new GraphConnection());
        bool connected = false;
        try
        {
            ErrorDetail? error = AwaitNative(stop =>
            {
                connection.ProvideSecret(AccessToken ?? ClientSecretCredential!.Password);
                return connection.ConnectAsync(Request(), stop);
            });
            if (error is not null)
            {
                ThrowTerminatingError(ErrorRecords.From(error, TenantId));
            }
            SessionTable.Replace(connection);
            connected = true;
        }
        finally
        {
            // The session that was there before stays, whatever went wrong with this one.
            if (!connected)
            {
                connection.Dispose();
            }
        }
    }

    private ConnectRequest Request() => new()
    {
        credential = ParameterSetName == AccessTokenSet ? CredentialKind.AccessToken : CredentialKind.ClientSecret,
        tenant_id = TenantId,
        client_id = ClientSecretCredential?.UserName,
        environment = Environment.ToString(),
        graph_endpoint = GraphEndpoint?.OriginalString,
        authority_host = AuthorityHost?.OriginalString,
        certificate = null,
        federated_token_file = null,
        scopes = [],
        account = null,
        proxy = null,
        write_quota = null,
        variables = [],
    };
}
