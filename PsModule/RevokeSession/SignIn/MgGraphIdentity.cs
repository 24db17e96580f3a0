using System.Management.Automation;

namespace RevokeSession;

/// <summary>Whose session <c>Connect-MgGraph</c> holds, and in which cloud.</summary>
internal sealed record MgGraphIdentity(string? ClientId, string? TenantId, string? Account, string? Environment)
{
    /// <summary>Reads it from what <c>Get-MgContext</c> gives.</summary>
    public static MgGraphIdentity Of(PSObject context)
    {
        string? Text(string property) => context.Properties[property]?.Value?.ToString() is { Length: > 0 } text ? text : null;

        return new(Text("ClientId"), Text("TenantId"), Text("Account") ?? Text("AppName"), Text("Environment"));
    }
}
