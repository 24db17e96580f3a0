using System.Management.Automation.Runspaces;
using System.Runtime.CompilerServices;

namespace RevokeSession.Commands;

/// <summary>
/// One mailbox for all cmdlets of a runspace. Whichever of them waits does what is asked for, so that a run
/// does not wait for a pipeline nested in it, which waits for the run.
/// </summary>
internal static class RunspaceMailbox
{
    private static readonly ConditionalWeakTable<Runspace, PipelineMailbox> Mailboxes = new();

    /// <summary>That of the runspace which asks.</summary>
    public static PipelineMailbox Current => Mailboxes.GetValue(Runspace.DefaultRunspace, _ => PipelineMailbox.Endless());
}
