using System;

namespace RevokeSession;

/// <summary>What became of one user that was given to <c>Revoke-RsUserSession</c>.</summary>
public class RevocationResult
{
    /// <summary>Made by this module only.</summary>
    internal RevocationResult()
    {
    }

    /// <summary>Object id, where known.</summary>
    public string? UserId { get; internal init; }

    /// <summary>User principal name, where known.</summary>
    public string? UserPrincipalName { get; internal init; }

    /// <summary>How it ended.</summary>
    public RevocationStatus Status { get; internal init; }

    /// <summary>Whether the sessions were revoked, as the Graph cmdlets say it.</summary>
    public bool Value { get; internal init; }

    /// <summary>Sign-ins before this moment count no more, where it was read back.</summary>
    public DateTimeOffset? SessionsValidFrom { get; internal init; }

    /// <summary>Whether reading back proved the revocation; null where nobody looked.</summary>
    public bool? Verified { get; internal init; }

    /// <summary>What Graph does not tell by itself.</summary>
    public string? Note { get; internal init; }

    /// <summary>Graph's code for the failure, or else the error's id.</summary>
    public string? ErrorCode { get; internal init; }

    /// <summary>What went wrong, in one sentence.</summary>
    public string? Message { get; internal init; }

    /// <summary>Graph's id of the request, for Microsoft support.</summary>
    public string? RequestId { get; internal init; }

    /// <summary>How many requests were made for this user.</summary>
    public int Attempts { get; internal init; }

    /// <summary>When the outcome was known.</summary>
    public DateTimeOffset Timestamp { get; internal init; } = DateTimeOffset.Now;

    /// <inheritdoc/>
    public override string ToString() => $"{UserPrincipalName ?? UserId ?? "(no user)"}: {Status}";
}
