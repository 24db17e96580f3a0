using System;
using System.Collections.Generic;
using System.Management.Automation;
using System.Threading.Tasks;
using RevokeSession.Native;

namespace RevokeSession.Commands;

/// <summary>Revokes all sign-in sessions of users.</summary>
[Cmdlet(VerbsSecurity.Revoke, "RsUserSession", DefaultParameterSetName = UserSet, SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.High)]
[OutputType(typeof(RevocationResult))]
public sealed class RevokeRsUserSessionCommand : NativeCmdlet
{
    private const string UserSet = "User";
    private const string MeSet = "Me";
    private const string Action = "Revoke all sign-in sessions";

    private readonly Dictionary<ulong, PendingUser> pending = new();
    private RevocationProgress? progress;
    private RevocationFeed? feed;
    private Exception? fault;
    private ErrorDetail? notConnected;
    private ulong lastTag;

    /// <summary>The users.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true, ParameterSetName = UserSet)]
    [Alias("Id", "ObjectId", "UserPrincipalName", "User", "InputObject")]
    [UserIdentityTransformation]
    [AllowNull]
    [AllowEmptyCollection]
    public UserIdentity[]? UserId { get; set; }

    /// <summary>The signed-in user; needs a delegated sign-in.</summary>
    [Parameter(Mandatory = true, ParameterSetName = MeSet)]
    public SwitchParameter Me { get; set; }

    /// <summary>How many batches may be on their way at once.</summary>
    [Parameter]
    [ValidateRange(1, 64)]
    public int ThrottleLimit { get; set; } = 16;

    /// <summary>Seconds for the whole run; 0 is no limit.</summary>
    [Parameter]
    [ValidateRange(0, 7 * 24 * 60 * 60)]
    public int TimeoutSeconds { get; set; }

    /// <summary>Reads each user's stamp before and after, and compares the two.</summary>
    [Parameter]
    public SwitchParameter Verify { get; set; }

    /// <summary>A file that every intent and every outcome is appended to, and that a later run goes on from.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? JournalPath { get; set; }

    /// <summary>Asks no questions. Does not override -WhatIf.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        SetBusy(true);
        try
        {
            if (ParameterSetName != MeSet)
            {
                foreach (UserIdentity user in UserId ?? [])
                {
                    Accept(user);
                }
            }
            else if (Me)
            {
                Accept(UserIdentity.Me);
            }
            Drain();
        }
        finally
        {
            SetBusy(false);
        }
    }

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        if (feed is not null)
        {
            progress!.Total = lastTag;
            Hand(feed.CompleteAsync());
            DrainUntil(feed.Ended);
            fault ??= FaultOf(feed.Ended);
        }
        GiveUpOnPending();
        progress?.Complete();
    }

    /// <inheritdoc/>
    protected override void StopProcessing()
    {
        feed?.Stop();
        base.StopProcessing();
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            feed?.Dispose();
        }
        base.Dispose(disposing);
    }

    private protected override void OnTick() => progress?.Tick();

    /// <summary>One input on its way: judged, confirmed, sent; or told why not.</summary>
    private void Accept(UserIdentity identity)
    {
        UserInput input = PendingUser.ToInput(identity, lastTag + 1);
        PendingUser user = new(identity, Judge(input));
        if (user.Judgement.error is { } invalid)
        {
            if (JournalPath is not null && SessionTable.Current is not null && !this.IsWhatIf())
            {
                // The run refuses it in the same words, and the journal has it.
                Send(user, input);
            }
            else
            {
                Reject(user, RevocationStatus.Failed, invalid);
            }
        }
        else if (feed is null && SessionTable.Current is null && !this.IsWhatIf())
        {
            RejectUnconnected(user);
        }
        else if (Confirm(user.Judgement.display))
        {
            Send(user, input);
        }
    }

    private Judgement Judge(UserInput input)
    {
        try
        {
            // Who is signed in, the connection knows; everybody else is in the input.
            return input.me && SessionTable.Current is { } connection ? connection.JudgeMe() : NativeCalls.Judge(input);
        }
        catch (Exception error) when (IsNativeFault(error))
        {
            // That costs this input, not those after it.
            return new() { display = "", object_id = null, user_principal_name = null, error = NativeErrors.Internal(error) };
        }
    }

    private bool Confirm(string user)
    {
        // While a question waits for its answer, the users before it need not.
        SetBusy(false);
        try
        {
            return this.IsApproved(user, Action, Force);
        }
        finally
        {
            SetBusy(true);
        }
    }

    private void Send(PendingUser user, UserInput input)
    {
        if (feed is null)
        {
            // Asked again: a question can be suspended, and a session closed meanwhile.
            if (SessionTable.Current is not { } connection)
            {
                RejectUnconnected(user);
                return;
            }
            Start(connection);
        }
        if (feed is { Ended.IsCompleted: true })
        {
            fault ??= FaultOf(feed.Ended);
        }
        if (feed is null || fault is not null)
        {
            Reject(user, RevocationStatus.Failed, fault is null ? NativeErrors.NoAnswer : NativeErrors.Internal(fault));
            return;
        }
        pending.Add(++lastTag, user);
        if (feed.Add(input))
        {
            Hand(feed.SubmitAsync());
        }
    }

    private void Start(GraphConnection connection)
    {
        RunOptions options = new()
        {
            throttle_limit = (uint)ThrottleLimit,
            timeout_seconds = (uint)TimeoutSeconds,
            verbose = this.IsVerbose(),
            verify = Verify.IsPresent,
            journaled = JournalPath is not null,
        };
        OpenJournal(connection);
        progress = new RevocationProgress(WriteProgress);
        try
        {
            if (connection.Preflight() is { } warning)
            {
                WriteWarning(warning);
            }
            feed = new RevocationFeed(connection, options, (report, cancel) => PostAsync(() => Show(report), cancel));
        }
        catch (Exception error) when (IsNativeFault(error))
        {
            fault = error;
        }
    }

    private void OpenJournal(GraphConnection connection)
    {
        if (JournalPath is null)
        {
            return;
        }
        string path = GetUnresolvedProviderPathFromPSPath(JournalPath);
        if (AwaitNative(stop => connection.OpenJournalAsync(path, stop)) is { } error)
        {
            // Nothing has been sent yet, and nothing will be that the journal could not tell.
            ThrowTerminatingError(ErrorRecords.From(error, JournalPath));
        }
    }

    /// <summary>Waits until the run has taken what was given to it, showing outcomes meanwhile.</summary>
    private void Hand(Task submission)
    {
        DrainUntil(submission);
        fault ??= FaultOf(submission);
    }

    private static Exception? FaultOf(Task task) =>
        task.IsCanceled ? new TaskCanceledException(task) : task.Exception?.InnerException;

    private void Show(RunReport report)
    {
        foreach (Notice notice in report.notices)
        {
            if (notice.warning)
            {
                WriteWarning(notice.text);
            }
            else
            {
                WriteVerbose(notice.text);
            }
        }
        progress!.Update(report.progress);
        foreach (Outcome outcome in report.outcomes)
        {
            if (pending.Remove(outcome.tag, out PendingUser user))
            {
                Show(RevocationResults.From(outcome, user.Identity), user, outcome);
            }
        }
    }

    private void Show(RevocationResult result, PendingUser user, Outcome outcome)
    {
        WriteObject(result);
        if (outcome.warn && outcome.note is { } note)
        {
            WriteWarning($"{user.Judgement.display}: {note}");
        }
        if (outcome.error is { } error)
        {
            WriteError(ErrorRecords.From(error, user.Identity.Source));
        }
    }

    private void RejectUnconnected(PendingUser user) =>
        Reject(user, RevocationStatus.Failed, notConnected ??= CallNative(NativeCalls.NotConnected));

    /// <summary>Answers an input that has no outcome: first the result, so that an error that stops hides nothing.</summary>
    private void Reject(PendingUser user, RevocationStatus status, ErrorDetail error)
    {
        WriteObject(RevocationResults.From(user, status, error));
        WriteError(ErrorRecords.From(error, user.Identity.Source));
    }

    /// <summary>No input is lost, not even when the run breaks.</summary>
    private void GiveUpOnPending()
    {
        if (pending.Count == 0)
        {
            return;
        }
        ErrorDetail error = fault is null ? NativeErrors.NoAnswer : NativeErrors.Internal(fault);
        PendingUser[] unanswered = [.. pending.Values];
        pending.Clear();
        foreach (PendingUser user in unanswered)
        {
            Reject(user, RevocationStatus.Unknown, error);
        }
    }

    private void SetBusy(bool busy)
    {
        if (feed is not null)
        {
            feed.Busy = busy;
        }
    }
}
