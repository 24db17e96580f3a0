using System.Collections.Generic;
using System.Linq;
using System.Management.Automation;
using RevokeSession.Native;

namespace RevokeSession.Commands;

/// <summary>Reads from which moment on the sign-in sessions of users count.</summary>
[Cmdlet(VerbsCommon.Get, "RsUserSession", DefaultParameterSetName = QuerySet)]
[OutputType(typeof(UserSession))]
public sealed class GetRsUserSessionCommand : ReadingCmdlet
{
    private const string UserSet = "User";
    private const string QuerySet = "Query";
    private const string MeSet = "Me";

    /// <summary>Users that are read together: as many batches as are on their way at once.</summary>
    private const int Together = 160;

    private readonly List<UserIdentity> waiting = new(Together);

    /// <summary>The users.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true, ParameterSetName = UserSet)]
    [Alias("Id", "ObjectId", "UserPrincipalName", "User", "InputObject")]
    [UserIdentityTransformation]
    [AllowNull]
    [AllowEmptyCollection]
    public UserIdentity[]? UserId { get; set; }

    /// <summary>A filter in the language of Graph.</summary>
    [Parameter(ParameterSetName = QuerySet)]
    [ValidateNotNullOrEmpty]
    public string? Filter { get; set; }

    /// <summary>A search in the language of Graph.</summary>
    [Parameter(ParameterSetName = QuerySet)]
    [ValidateNotNullOrEmpty]
    public string? Search { get; set; }

    /// <summary>All users, not the first hundred.</summary>
    [Parameter(ParameterSetName = QuerySet)]
    public SwitchParameter All { get; set; }

    /// <summary>So many users at most.</summary>
    [Parameter(ParameterSetName = QuerySet)]
    [ValidateRange(1, int.MaxValue)]
    public int? Top { get; set; }

    /// <summary>The signed-in user; needs a delegated sign-in.</summary>
    [Parameter(Mandatory = true, ParameterSetName = MeSet)]
    public SwitchParameter Me { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        if (ParameterSetName == QuerySet)
        {
            Read([]);
            return;
        }
        if (ParameterSetName == MeSet)
        {
            if (Me)
            {
                Read([UserIdentity.Me]);
            }
            return;
        }
        foreach (UserIdentity user in UserId ?? [])
        {
            waiting.Add(user);
            if (waiting.Count == Together)
            {
                ReadWaiting();
            }
        }
    }

    /// <inheritdoc/>
    protected override void EndProcessing() => ReadWaiting();

    private void ReadWaiting()
    {
        if (waiting.Count > 0)
        {
            UserIdentity[] users = [.. waiting];
            waiting.Clear();
            Read(users);
        }
    }

    private void Read(UserIdentity[] users)
    {
        UserRequest request = new()
        {
            users = [.. users.Select((user, place) => PendingUser.ToInput(user, (ulong)place))],
            filter = Filter,
            search = Search,
            top = (ulong?)Top,
            all = All,
            verbose = this.IsVerbose(),
        };
        WriteAll(connection => connection.Read(request), [.. users.Select(user => user.Source)]);
    }
}
