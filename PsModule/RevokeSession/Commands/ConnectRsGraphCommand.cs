using System;
using System.Management.Automation;
using System.Security;
using System.Security.Cryptography.X509Certificates;
using System.Threading.Tasks;
using RevokeSession.Native;

namespace RevokeSession.Commands;

/// <summary>Signs in to Microsoft Graph.</summary>
[Cmdlet(VerbsCommunications.Connect, "RsGraph", DefaultParameterSetName = ClientSecretSet)]
[OutputType(typeof(void))]
public sealed class ConnectRsGraphCommand : NativeCmdlet
{
    private const string ClientSecretSet = "ClientSecret";
    private const string CertificateSet = "Certificate";
    private const string ThumbprintSet = "CertificateThumbprint";
    private const string SubjectNameSet = "CertificateSubjectName";
    private const string CertificatePathSet = "CertificatePath";
    private const string WorkloadIdentitySet = "WorkloadIdentity";
    private const string ManagedIdentitySet = "ManagedIdentity";
    private const string AzureCliSet = "AzureCli";
    private const string EnvironmentVariableSet = "EnvironmentVariable";
    private const string DeviceCodeSet = "DeviceCode";
    private const string AccessTokenSet = "AccessToken";
    private const string MgGraphSessionSet = "MgGraphSession";

    /// <summary>Tenant id or domain name.</summary>
    [Parameter(Mandatory = true, ParameterSetName = ClientSecretSet)]
    [Parameter(Mandatory = true, ParameterSetName = CertificateSet)]
    [Parameter(Mandatory = true, ParameterSetName = ThumbprintSet)]
    [Parameter(Mandatory = true, ParameterSetName = SubjectNameSet)]
    [Parameter(Mandatory = true, ParameterSetName = CertificatePathSet)]
    [Parameter(Mandatory = true, ParameterSetName = WorkloadIdentitySet)]
    [Parameter(ParameterSetName = AzureCliSet)]
    [Parameter(ParameterSetName = DeviceCodeSet)]
    [Alias("Tenant", "Audience")]
    [ValidateNotNullOrEmpty]
    public string? TenantId { get; set; }

    /// <summary>Application (client) id; with -Identity that of a user-assigned identity.</summary>
    [Parameter(Mandatory = true, ParameterSetName = CertificateSet)]
    [Parameter(Mandatory = true, ParameterSetName = ThumbprintSet)]
    [Parameter(Mandatory = true, ParameterSetName = SubjectNameSet)]
    [Parameter(Mandatory = true, ParameterSetName = CertificatePathSet)]
    [Parameter(Mandatory = true, ParameterSetName = WorkloadIdentitySet)]
    [Parameter(ParameterSetName = ManagedIdentitySet)]
    [Parameter(ParameterSetName = DeviceCodeSet)]
    [Alias("AppId", "ApplicationId")]
    [ValidateNotNullOrEmpty]
    public string? ClientId { get; set; }

    /// <summary>The application: its client id as user name, its secret as password.</summary>
    [Parameter(Mandatory = true, ParameterSetName = ClientSecretSet)]
    [Alias("SecretCredential", "Credential")]
    [ValidateNotNull]
    public PSCredential? ClientSecretCredential { get; set; }

    /// <summary>A certificate with its private key.</summary>
    [Parameter(Mandatory = true, ParameterSetName = CertificateSet)]
    [ValidateNotNull]
    public X509Certificate2? Certificate { get; set; }

    /// <summary>The thumbprint of a certificate in the store of the user or the machine.</summary>
    [Parameter(Mandatory = true, ParameterSetName = ThumbprintSet)]
    [ValidateNotNullOrEmpty]
    public string? CertificateThumbprint { get; set; }

    /// <summary>The subject name of a certificate in the store of the user or the machine.</summary>
    [Parameter(Mandatory = true, ParameterSetName = SubjectNameSet)]
    [Alias("CertificateSubject", "CertificateName")]
    [ValidateNotNullOrEmpty]
    public string? CertificateSubjectName { get; set; }

    /// <summary>A PFX or PEM file with a certificate and its private key.</summary>
    [Parameter(Mandatory = true, ParameterSetName = CertificatePathSet)]
    [ValidateNotNullOrEmpty]
    public string? CertificatePath { get; set; }

    /// <summary>What that file is locked with.</summary>
    [Parameter(ParameterSetName = CertificatePathSet)]
    [ValidateNotNull]
    public SecureString? CertificatePassword { get; set; }

    /// <summary>A file with a token of an issuer that the application trusts.</summary>
    [Parameter(Mandatory = true, ParameterSetName = WorkloadIdentitySet)]
    [ValidateNotNullOrEmpty]
    public string? FederatedTokenFile { get; set; }

    /// <summary>The managed identity of this machine or app.</summary>
    [Parameter(Mandatory = true, ParameterSetName = ManagedIdentitySet)]
    [Alias("ManagedIdentity", "ManagedServiceIdentity", "MSI")]
    public SwitchParameter Identity { get; set; }

    /// <summary>The account that is signed in to the Azure CLI.</summary>
    [Parameter(Mandatory = true, ParameterSetName = AzureCliSet)]
    public SwitchParameter AzureCli { get; set; }

    /// <summary>Whatever the variables AZURE_* name.</summary>
    [Parameter(Mandatory = true, ParameterSetName = EnvironmentVariableSet)]
    public SwitchParameter EnvironmentVariable { get; set; }

    /// <summary>A user who signs in in the browser of any device.</summary>
    [Parameter(Mandatory = true, ParameterSetName = DeviceCodeSet)]
    [Alias("UseDeviceAuthentication", "DeviceCode", "DeviceAuth", "Device")]
    public SwitchParameter UseDeviceCode { get; set; }

    /// <summary>The delegated permissions to ask for.</summary>
    [Parameter(ParameterSetName = DeviceCodeSet)]
    [ValidateNotNullOrEmpty]
    public string[] Scopes { get; set; } = ["User.RevokeSessions.All"];

    /// <summary>An access token for Microsoft Graph.</summary>
    [Parameter(Mandatory = true, ParameterSetName = AccessTokenSet)]
    [ValidateNotNull]
    public SecureString? AccessToken { get; set; }

    /// <summary>The session of <c>Connect-MgGraph</c> in this PowerShell.</summary>
    [Parameter(Mandatory = true, ParameterSetName = MgGraphSessionSet)]
    public SwitchParameter UseMgGraphSession { get; set; }

    /// <summary>The national cloud.</summary>
    [Parameter(ParameterSetName = ClientSecretSet)]
    [Parameter(ParameterSetName = CertificateSet)]
    [Parameter(ParameterSetName = ThumbprintSet)]
    [Parameter(ParameterSetName = SubjectNameSet)]
    [Parameter(ParameterSetName = CertificatePathSet)]
    [Parameter(ParameterSetName = WorkloadIdentitySet)]
    [Parameter(ParameterSetName = ManagedIdentitySet)]
    [Parameter(ParameterSetName = AzureCliSet)]
    [Parameter(ParameterSetName = EnvironmentVariableSet)]
    [Parameter(ParameterSetName = DeviceCodeSet)]
    [Parameter(ParameterSetName = AccessTokenSet)]
    [Alias("EnvironmentName", "NationalCloud")]
    public GraphEnvironment Environment { get; set; } = GraphEnvironment.Global;

    /// <summary>Another Graph endpoint than the cloud's own.</summary>
    [Parameter(ParameterSetName = ClientSecretSet)]
    [Parameter(ParameterSetName = CertificateSet)]
    [Parameter(ParameterSetName = ThumbprintSet)]
    [Parameter(ParameterSetName = SubjectNameSet)]
    [Parameter(ParameterSetName = CertificatePathSet)]
    [Parameter(ParameterSetName = WorkloadIdentitySet)]
    [Parameter(ParameterSetName = ManagedIdentitySet)]
    [Parameter(ParameterSetName = AzureCliSet)]
    [Parameter(ParameterSetName = EnvironmentVariableSet)]
    [Parameter(ParameterSetName = DeviceCodeSet)]
    [Parameter(ParameterSetName = AccessTokenSet)]
    [ValidateNotNull]
    public Uri? GraphEndpoint { get; set; }

    /// <summary>Another authority than the cloud's own.</summary>
    [Parameter(ParameterSetName = ClientSecretSet)]
    [Parameter(ParameterSetName = CertificateSet)]
    [Parameter(ParameterSetName = ThumbprintSet)]
    [Parameter(ParameterSetName = SubjectNameSet)]
    [Parameter(ParameterSetName = CertificatePathSet)]
    [Parameter(ParameterSetName = WorkloadIdentitySet)]
    [Parameter(ParameterSetName = ManagedIdentitySet)]
    [Parameter(ParameterSetName = AzureCliSet)]
    [Parameter(ParameterSetName = EnvironmentVariableSet)]
    [Parameter(ParameterSetName = DeviceCodeSet)]
    [Parameter(ParameterSetName = AccessTokenSet)]
    [ValidateNotNull]
    public Uri? AuthorityHost { get; set; }

    /// <summary>The proxy to go through, instead of the one that variables or the system name.</summary>
    [Parameter]
    [ValidateNotNull]
    public Uri? Proxy { get; set; }

    /// <summary>How many writes there may be in a window of time, instead of what Microsoft publishes; 0 is no limit.</summary>
    [Parameter]
    [ValidateRange(0, 1_000_000)]
    public int WriteQuota { get; set; }

    /// <summary>The length of that window.</summary>
    [Parameter]
    [ValidateRange(1, 24 * 60 * 60)]
    public int WriteQuotaSeconds { get; set; } = 150;

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        try
        {
            WriteQuota? quota = Quota();
            using SignInPlan plan = Plan();
            SignIn(plan, Place(plan) with { Proxy = Proxy?.OriginalString, WriteQuota = quota });
        }
        catch (SignInException error)
        {
            ThrowTerminatingError(ErrorRecords.From(error.Detail, error.Target, error.InnerException));
        }
    }

    private void SignIn(SignInPlan plan, SignInPlace place)
    {
        PipelineMailbox mailbox = RunspaceMailbox.Current;
        GraphConnection connection = CallNative(() => new GraphConnection(plan.Certificate, plan.Lender, mailbox.Post));
        bool connected = false;
        try
        {
            if (plan.Secret is { } secret)
            {
                CallNative(() => connection.ProvideSecret(secret));
            }
            ConnectRequest request = plan.ToRequest(place);
            if (AwaitNative(stop => connection.ConnectAsync(request, stop)) is { } error)
            {
                ThrowTerminatingError(ErrorRecords.From(error, plan.TenantId));
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

    private SignInPlan Plan()
    {
        switch (ParameterSetName)
        {
            case CertificateSet:
                return ByCertificate(() => ClientCertificate.Of(Certificate!));
            case ThumbprintSet:
                return ByCertificate(() => CertificateStore.ByThumbprint(CertificateThumbprint!));
            case SubjectNameSet:
                return ByCertificate(() => CertificateStore.BySubjectName(CertificateSubjectName!));
            case CertificatePathSet:
                string path = Resolve(CertificatePath!);
                return ByCertificate(() => CertificateFile.Open(path, CertificatePassword));
            case WorkloadIdentitySet:
                return SignInPlan.ForFederatedToken(TenantId!, ClientId!, Resolve(FederatedTokenFile!));
            case ManagedIdentitySet:
                Demand(Identity, nameof(Identity));
                return SignInPlan.ForManagedIdentity(ClientId);
            case AzureCliSet:
                Demand(AzureCli, nameof(AzureCli));
                return SignInPlan.ForAzureCli(TenantId);
            case EnvironmentVariableSet:
                Demand(EnvironmentVariable, nameof(EnvironmentVariable));
                return EnvironmentSignIn.Plan(Resolve);
            case DeviceCodeSet:
                Demand(UseDeviceCode, nameof(UseDeviceCode));
                return SignInPlan.ForDeviceCode(TenantId, ClientId, Scopes);
            case AccessTokenSet:
                return SignInPlan.ForAccessToken(SecretBytes.From(AccessToken!));
            case MgGraphSessionSet:
                Demand(UseMgGraphSession, nameof(UseMgGraphSession));
                return SignInPlan.ForMgGraph(MgGraphSession.Find());
            default:
                PSCredential application = ClientSecretCredential!;
                return SignInPlan.ForSecret(TenantId!, application.UserName, SecretBytes.From(application.Password));
        }
    }

    /// <summary>Stores and files can be on the network, so they are opened in the background.</summary>
    private SignInPlan ByCertificate(Func<ClientCertificate> open) =>
        SignInPlan.ForCertificate(TenantId!, ClientId!, Await(_ => Task.FromResult(open())));

    private SignInPlace Place(SignInPlan plan) =>
        plan.Lender?.Place ?? new SignInPlace(Environment, GraphEndpoint?.OriginalString, AuthorityHost?.OriginalString);

    private WriteQuota? Quota()
    {
        if (MyInvocation.BoundParameters.ContainsKey(nameof(WriteQuota)))
        {
            return new() { writes = (uint)WriteQuota, window_seconds = (uint)WriteQuotaSeconds };
        }
        return MyInvocation.BoundParameters.ContainsKey(nameof(WriteQuotaSeconds))
            ? throw SignInErrors.WriteQuotaMissing(WriteQuotaSeconds)
            : null;
    }

    private string Resolve(string path) => GetUnresolvedProviderPathFromPSPath(path);

    private static void Demand(SwitchParameter chosen, string name)
    {
        if (!chosen)
        {
            throw SignInErrors.SwitchedOff(name);
        }
    }
}
