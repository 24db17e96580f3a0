using System;

namespace RevokeSession;

/// <summary>An entry of the sign-in log. Can be piped to <c>Revoke-RsUserSession</c>, which takes <see cref="UserId"/>.</summary>
public sealed class SignIn
{
    /// <summary>The id of the entry, which is not a user's.</summary>
    public string Id { get; internal init; } = "";

    /// <summary>Object id of the user.</summary>
    public string? UserId { get; internal init; }

    /// <summary>User principal name, which the log keeps in lower case.</summary>
    public string? UserPrincipalName { get; internal init; }

    /// <summary>The name that people see.</summary>
    public string? UserDisplayName { get; internal init; }

    /// <summary>When it began.</summary>
    public DateTimeOffset CreatedDateTime { get; internal init; }

    /// <summary>The address of the client, as the log writes it.</summary>
    public string? IpAddress { get; internal init; }

    /// <summary>The application that was signed in to.</summary>
    public string? AppId { get; internal init; }

    /// <summary>The name of that application.</summary>
    public string? AppDisplayName { get; internal init; }

    /// <summary><c>Browser</c>, <c>IMAP4</c> or another kind of client.</summary>
    public string? ClientAppUsed { get; internal init; }

    /// <summary>How it ended.</summary>
    public SignInStatus Status { get; internal init; }

    /// <summary>The number behind <c>AADSTS</c>, or zero.</summary>
    public int ErrorCode { get; internal init; }

    /// <summary>Why it failed, where it did.</summary>
    public string? FailureReason { get; internal init; }

    /// <summary>The city that the address belongs to.</summary>
    public string? City { get; internal init; }

    /// <summary>Its country or region, in two letters.</summary>
    public string? CountryOrRegion { get; internal init; }

    /// <summary>Whether somebody typed or touched something.</summary>
    public bool? IsInteractive { get; internal init; }

    /// <inheritdoc/>
    public override string ToString() => $"{UserPrincipalName ?? UserId ?? "(no user)"} from {IpAddress}: {Status}";
}
