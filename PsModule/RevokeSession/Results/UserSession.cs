using System;

namespace RevokeSession;

/// <summary>A user and the moment from which its sign-in sessions count. Can be piped to <c>Revoke-RsUserSession</c>.</summary>
public sealed class UserSession
{
    /// <summary>Object id.</summary>
    public string UserId { get; internal init; } = "";

    /// <summary>User principal name.</summary>
    public string? UserPrincipalName { get; internal init; }

    /// <summary>The name that people see.</summary>
    public string? DisplayName { get; internal init; }

    /// <summary>Sessions that began before this moment are no longer good.</summary>
    public DateTimeOffset? SessionsValidFrom { get; internal init; }

    /// <summary>Whether the user may sign in.</summary>
    public bool? AccountEnabled { get; internal init; }

    /// <summary><c>Member</c> or <c>Guest</c>.</summary>
    public string? UserType { get; internal init; }

    /// <summary>Where the user works.</summary>
    public string? Department { get; internal init; }

    /// <inheritdoc/>
    public override string ToString() => UserPrincipalName ?? UserId;
}
