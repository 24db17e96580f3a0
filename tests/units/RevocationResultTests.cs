using System;
using RevokeSession.Native;
using Xunit;
using NativeStatus = RevokeSession.Native.RevocationStatus;

namespace RevokeSession.Tests;

public sealed class RevocationResultTests
{
    private static readonly UserIdentity Somebody = UserIdentity.Unreadable(null);

    [Fact]
    public void Every_status_keeps_its_name()
    {
        NativeStatus[] all =
        [
            NativeStatus.Revoked, NativeStatus.NotFound, NativeStatus.Denied, NativeStatus.Throttled,
            NativeStatus.Failed, NativeStatus.Unknown, NativeStatus.Skipped,
        ];
        foreach (NativeStatus status in all)
        {
            Assert.Equal(status.ToString(), RevocationResults.From(Outcome(status), Somebody).Status.ToString());
        }
        Assert.Equal(all.Length, Enum.GetValues<RevocationStatus>().Length);
    }

    [Fact]
    public void An_outcome_arrives_whole()
    {
        Outcome outcome = Outcome(NativeStatus.NotFound);
        outcome.error = new ErrorDetail { id = "UserNotFound", category = "ObjectNotFound", message = "no such user", recommended_action = "look" };
        outcome.error_code = "Request_ResourceNotFound";
        outcome.note = "a note";

        RevocationResult result = RevocationResults.From(outcome, Somebody);

        Assert.Equal("id", result.UserId);
        Assert.Equal("name", result.UserPrincipalName);
        Assert.Equal("a note", result.Note);
        Assert.Equal("Request_ResourceNotFound", result.ErrorCode);
        Assert.Equal("no such user", result.Message);
        Assert.Equal("request", result.RequestId);
        Assert.Equal(3, result.Attempts);
        Assert.Equal(DateTimeOffset.FromUnixTimeMilliseconds(1_700_000_000_123), result.Timestamp);
        Assert.Equal("name: NotFound", result.ToString());
    }

    [Fact]
    public void The_errors_id_is_the_code_where_graph_gave_none()
    {
        Outcome outcome = Outcome(NativeStatus.Unknown);
        outcome.error = new ErrorDetail { id = "OutcomeUnknown", category = "", message = "", recommended_action = "" };
        Assert.Equal("OutcomeUnknown", RevocationResults.From(outcome, Somebody).ErrorCode);
    }

    private static Outcome Outcome(NativeStatus status) => new()
    {
        tag = 1,
        status = status,
        user_id = "id",
        user_principal_name = "name",
        revoked = status.IsRevoked,
        note = null,
        warn = false,
        error = null,
        error_code = null,
        request_id = "request",
        attempts = 3,
        timestamp = 1_700_000_000_123,
        sessions_valid_from = null,
        verified = null,
    };
}
