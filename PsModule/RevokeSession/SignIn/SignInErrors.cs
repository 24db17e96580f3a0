using System;
using System.Management.Automation;
using RevokeSession.Native;

namespace RevokeSession;

/// <summary>The errors of a sign-in that never reaches the native library.</summary>
internal static class SignInErrors
{
    /// <summary>A store or a path holds no such certificate.</summary>
    public static SignInException CertificateNotFound(string where, object target, Exception? cause = null) => Make(
        "CertificateNotFound",
        ErrorCategory.ObjectNotFound,
        $"There is no certificate {where}.",
        "List what there is with Get-ChildItem Cert:\\CurrentUser\\My, or pass the certificate by -Certificate or -CertificatePath.",
        target,
        cause);

    /// <summary>There is a certificate, and it cannot be signed in with.</summary>
    public static SignInException CertificateUnusable(string why, string advice, object? target, Exception? cause = null) =>
        Make("CertificateUnusable", ErrorCategory.InvalidArgument, why, advice, target, cause);

    /// <summary>The environment does not say how to sign in.</summary>
    public static SignInException EnvironmentVariableMissing(string missing) => Make(
        "EnvironmentVariableMissing",
        ErrorCategory.InvalidArgument,
        $"Signing in by environment variables is not possible without {missing}.",
        "Set AZURE_TENANT_ID, AZURE_CLIENT_ID and one of AZURE_CLIENT_SECRET, AZURE_CLIENT_CERTIFICATE_PATH and AZURE_FEDERATED_TOKEN_FILE, in this session by $env:NAME = 'value'.",
        missing);

    /// <summary>A switch that chooses a way to sign in was given as false.</summary>
    public static SignInException SwitchedOff(string parameter) => Make(
        "SignInNotChosen",
        ErrorCategory.InvalidArgument,
        $"-{parameter} was given as false, and nothing else says how to sign in.",
        $"Leave -{parameter} out and choose another way, or give it without a value. See Get-Help Connect-RsGraph.",
        parameter);

    /// <summary>A length of time of which nobody said what it limits.</summary>
    public static SignInException WriteQuotaMissing(int seconds) => Make(
        "WriteQuotaMissing",
        ErrorCategory.InvalidArgument,
        "-WriteQuotaSeconds says nothing without -WriteQuota.",
        $"Say how many writes there may be in {seconds} s by -WriteQuota.",
        seconds);

    /// <summary>The module of <c>Connect-MgGraph</c> is not there.</summary>
    public static SignInException MgGraphModuleMissing(Exception cause) => Make(
        "MgGraphModuleMissing",
        ErrorCategory.NotInstalled,
        "The module Microsoft.Graph.Authentication, whose session is to be used, is not installed or cannot be loaded",
        "Install it by Install-PSResource Microsoft.Graph.Authentication, and run Connect-MgGraph; or sign in another way.",
        null,
        cause);

    /// <summary>Nobody signed in by <c>Connect-MgGraph</c>.</summary>
    public static SignInException MgGraphSessionMissing() => Make(
        "MgGraphSessionMissing",
        ErrorCategory.ConnectionError,
        "Connect-MgGraph has not been run in this PowerShell",
        "Run Connect-MgGraph -Scopes User.RevokeSessions.All, and then Connect-RsGraph -UseMgGraphSession.",
        null);

    /// <summary>The session of <c>Connect-MgGraph</c> does not serve.</summary>
    public static SignInException MgGraphSessionUnusable(string why, Exception? cause = null) => Make(
        "MgGraphSessionUnusable",
        ErrorCategory.ConnectionError,
        $"The session of Connect-MgGraph cannot be used: {why.Trim().TrimEnd('.')}",
        "Run Connect-MgGraph again, and then Connect-RsGraph -UseMgGraphSession.",
        null,
        cause);

    private static SignInException Make(
        string id, ErrorCategory category, string message, string advice, object? target, Exception? cause = null)
    {
        ErrorDetail detail = new()
        {
            id = id,
            category = category.ToString(),
            message = message.EndsWith('.') ? message : $"{message}.",
            recommended_action = advice,
        };
        return new SignInException(detail, target, cause);
    }
}
