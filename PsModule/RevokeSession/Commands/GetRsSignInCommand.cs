using System;
using System.Collections.Generic;
using System.Linq;
using System.Management.Automation;
using RevokeSession.Native;
using NativeChoice = RevokeSession.Native.SignInChoice;

namespace RevokeSession.Commands;

/// <summary>Reads the sign-in log.</summary>
[Cmdlet(VerbsCommon.Get, "RsSignIn")]
[OutputType(typeof(SignIn))]
public sealed class GetRsSignInCommand : ReadingCmdlet
{
    private readonly List<UserIdentity> users = [];
    private bool given;

    /// <summary>Where the sign-in came from: addresses and ranges.</summary>
    [Parameter(Position = 0)]
    [ValidateNotNullOrEmpty]
    public string[]? IpAddress { get; set; }

    /// <summary>Who signed in.</summary>
    [Parameter(ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("UserId", "ObjectId", "UserPrincipalName", "InputObject")]
    [UserIdentityTransformation]
    [AllowNull]
    [AllowEmptyCollection]
    public UserIdentity[]? User { get; set; }

    /// <summary>The earliest moment; a day ago unless it is given.</summary>
    [Parameter]
    [ValidateNotNull]
    public DateTime? Since { get; set; }

    /// <summary>The latest moment.</summary>
    [Parameter]
    [ValidateNotNull]
    public DateTime? Until { get; set; }

    /// <summary>The application that was signed in to.</summary>
    [Parameter]
    [ValidateNotNull]
    public Guid? AppId { get; set; }

    /// <summary>How the sign-in ended.</summary>
    [Parameter]
    public SignInChoice Status { get; set; }

    /// <summary>A further filter in the language of Graph.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? Filter { get; set; }

    /// <summary>So many entries at most.</summary>
    [Parameter]
    [ValidateRange(1, int.MaxValue)]
    public int? Top { get; set; }

    /// <summary>As far back as the log goes, where -Since is not given.</summary>
    [Parameter]
    public SwitchParameter All { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        if (MyInvocation.BoundParameters.ContainsKey(nameof(User)))
        {
            given = true;
            users.AddRange(User ?? []);
        }
    }

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        // An empty list of users is nobody, and not everybody.
        if ((given || MyInvocation.ExpectingInput) && users.Count == 0)
        {
            return;
        }
        SignInRequest request = new()
        {
            addresses = [.. IpAddress ?? []],
            users = [.. users.Select((user, place) => PendingUser.ToInput(user, (ulong)place))],
            since = Milliseconds(Since),
            until = Milliseconds(Until),
            app_id = AppId?.ToString("D"),
            status = Status switch
            {
                SignInChoice.Success => NativeChoice.Success,
                SignInChoice.Failure => NativeChoice.Failure,
                _ => NativeChoice.Any,
            },
            filter = Filter,
            top = (ulong?)Top,
            all = All,
            verbose = this.IsVerbose(),
        };
        WriteAll(connection => connection.Read(request), [.. IpAddress ?? [], .. users.Select(user => user.Source)]);
    }

    /// <summary>A time without a zone is local, as everywhere in PowerShell.</summary>
    private static long? Milliseconds(DateTime? time) =>
        time is { } moment ? new DateTimeOffset(moment.ToUniversalTime()).ToUnixTimeMilliseconds() : null;
}
