using System;
using RevokeSession.Native;
using NativeStatus = RevokeSession.Native.RevocationStatus;

namespace RevokeSession;

/// <summary>Makes every <see cref="RevocationResult"/>.</summary>
internal static class RevocationResults
{
    /// <summary>From the outcome that the native library tells.</summary>
    /// <param name="outcome">The outcome.</param>
    /// <param name="identity">The input, which stands where the library saw no user in it.</param>
    public static RevocationResult From(Outcome outcome, UserIdentity identity) => new()
    {
        UserId = outcome.user_id ?? (outcome.user_principal_name is null ? identity.UserId : null),
        UserPrincipalName = outcome.user_principal_name ?? (outcome.user_id is null ? identity.UserPrincipalName : null),
        Status = From(outcome.status),
        Value = outcome.revoked,
        Note = outcome.note,
        ErrorCode = outcome.error_code ?? outcome.error?.id,
        Message = outcome.error?.message,
        RequestId = outcome.request_id,
        Attempts = (int)Math.Min(outcome.attempts, int.MaxValue),
        Timestamp = Moment(outcome.timestamp),
        SessionsValidFrom = outcome.sessions_valid_from is { } stamp ? Moment(stamp) : null,
        Verified = outcome.verified,
    };

    /// <summary>From a line of a journal and the run it belongs to.</summary>
    public static JournalEntry From(JournalLine line, JournalRun run) => new()
    {
        UserId = line.user_id,
        UserPrincipalName = line.user_principal_name,
        Status = From(line.status),
        Value = line.revoked,
        Note = line.note,
        ErrorCode = line.error_code,
        Message = line.message,
        RequestId = line.request_id,
        Attempts = (int)Math.Min(line.attempts, int.MaxValue),
        Timestamp = Moment(line.timestamp),
        SessionsValidFrom = line.sessions_valid_from is { } stamp ? Moment(stamp) : null,
        Verified = line.verified,
        RunId = run.run_id,
        Account = run.account,
        TenantId = run.tenant_id,
        ModuleVersion = run.module_version,
    };

    /// <summary>For an input that the native library gave no outcome for.</summary>
    public static RevocationResult From(PendingUser user, RevocationStatus status, ErrorDetail error)
    {
        bool judged = user.Judgement.error is null;
        return new()
        {
            UserId = judged ? user.Judgement.object_id : user.Identity.UserId,
            UserPrincipalName = judged ? user.Judgement.user_principal_name : user.Identity.UserPrincipalName,
            Status = status,
            ErrorCode = error.id,
            Message = error.message,
        };
    }

    private static DateTimeOffset Moment(long milliseconds) =>
        DateTimeOffset.FromUnixTimeMilliseconds(milliseconds).ToLocalTime();

    private static RevocationStatus From(NativeStatus status) => status switch
    {
        { IsRevoked: true } => RevocationStatus.Revoked,
        { IsNotFound: true } => RevocationStatus.NotFound,
        { IsDenied: true } => RevocationStatus.Denied,
        { IsThrottled: true } => RevocationStatus.Throttled,
        { IsFailed: true } => RevocationStatus.Failed,
        { IsSkipped: true } => RevocationStatus.Skipped,
        _ => RevocationStatus.Unknown,
    };
}
